import { describe, it } from "vitest";
import type { PersonChange } from "../../src/core/admin-protocol.ts";
import { accountKey, encodeSessionKey, type PersonId } from "../../src/core/ids.ts";
import { MAX_GRANTS } from "../../src/core/person-access.ts";
import type { Role } from "../../src/core/roles.ts";
import type { DirectoryObject } from "../../src/do/directory/directory.ts";
import { speakerOf } from "../../src/do/directory/people.ts";
import {
  ask,
  createAccount,
  createDirectory,
  type Directory,
  failureOf,
  letIn,
  sql,
} from "../support/directory.ts";

async function createBox(): Promise<Directory> {
  const directory = createDirectory();
  await directory.addAccount(createAccount(), []);
  return directory;
}

function change(directory: Directory, person: string, wanted: PersonChange, actor: Role = "owner") {
  return failureOf(directory, (object: DirectoryObject) =>
    object.changePerson(person, wanted, actor),
  );
}

function remove(directory: Directory, person: string, actor: Role = "owner") {
  return failureOf(directory, (object: DirectoryObject) => object.removePerson(person, actor));
}

describe("who comes in", () => {
  it("is a guest by an open door, and a member by pairing or by an allow-list", async ({
    expect,
  }) => {
    const directory = await createBox();
    await letIn(directory, "paired");
    for (const [name, access] of [
      ["door", "open"],
      ["list", "allowlist"],
    ] as const)
      await directory.addAccount(
        createAccount({ name, access, key: accountKey("telegram", name) }),
        ["named"],
      );
    const at = (name: string, sender: string) =>
      directory.admit(ask(sender, { account: accountKey("telegram", name) }));
    expect(await at("main", "paired")).toMatchObject({ speaker: { role: "member" } });
    expect(await at("list", "named")).toMatchObject({ speaker: { role: "member" } });
    expect(await at("door", "named")).toMatchObject({ speaker: { role: "member" } });
    expect(await at("door", "anybody")).toMatchObject({ speaker: { role: "guest" } });
  });

  it("keeps the role of before: people of an older version are what they were", async ({
    expect,
  }) => {
    const directory = await createBox();
    const ada = await letIn(directory, "ada");
    await sql(directory, `UPDATE people SET role = 'member' WHERE id = '${ada}'`);
    expect(await directory.person(ada)).toEqual({
      id: ada,
      role: "member",
      name: "Name of ada",
      lang: "en",
    });
  });
});

describe("a role", () => {
  it("is another one from the next message on", async ({ expect }) => {
    const directory = await createBox();
    const ada = await letIn(directory, "ada");
    expect(await change(directory, ada, { what: "role", role: "operator" })).toMatchObject({
      before: { role: "member" },
      after: { id: ada, role: "operator", accounts: ["telegram:main"], channels: [], models: [] },
    });
    expect(await directory.admit(ask("ada"))).toMatchObject({ speaker: { role: "operator" } });
  });

  it("of the last owner stays, until there is another one", async ({ expect }) => {
    const directory = await createBox();
    const owner = await directory.ensureOwner();
    const ada = await letIn(directory, "ada");
    const demote = { what: "role", role: "member" } as const;
    const refused = { code: "person/last_owner", message: "This is the only owner of the box." };
    expect(await change(directory, owner.id, demote)).toMatchObject(refused);
    expect(await remove(directory, owner.id)).toMatchObject(refused);
    await change(directory, ada, { what: "role", role: "owner" });
    expect(await change(directory, owner.id, demote)).toMatchObject({ after: { role: "member" } });
    expect((await directory.ensureOwner()).id).toBe(ada);
    expect(await remove(directory, ada)).toMatchObject(refused);
  });

  it("of an owner or admin is an owner's to give and to take, limits and removal too", async ({
    expect,
  }) => {
    const directory = await createBox();
    const owner = await directory.ensureOwner();
    const ada = await letIn(directory, "ada");
    const denied = {
      code: "permission/denied",
      message: "Only the owner makes and unmakes owners and admins.",
    };
    const asAdmin = (person: string, wanted: PersonChange) =>
      change(directory, person, wanted, "admin");
    for (const role of ["owner", "admin"] as const)
      expect(await asAdmin(ada, { what: "role", role })).toMatchObject(denied);
    expect(await asAdmin(owner.id, { what: "role", role: "guest" })).toMatchObject(denied);
    expect(
      await asAdmin(owner.id, { what: "limit", name: "messages_day", value: 0 }),
    ).toMatchObject(denied);
    expect(await asAdmin(owner.id, { what: "grant", kind: "model", value: "x" })).toMatchObject(
      denied,
    );
    expect(await remove(directory, owner.id, "admin")).toMatchObject(denied);
    expect(await directory.person(owner.id)).toEqual(owner);
    expect(await asAdmin(ada, { what: "role", role: "auditor" })).toMatchObject({
      after: { role: "auditor" },
    });
  });

  it("is nobody's whom the box does not know", async ({ expect }) => {
    const directory = await createBox();
    const unknown = { code: "person/unknown", message: "Nobody has this name or id." };
    expect(await change(directory, "eve", { what: "role", role: "owner" })).toMatchObject(unknown);
    expect(await remove(directory, "'; DROP TABLE people; --")).toMatchObject(unknown);
  });
});

describe("a grant", () => {
  it("of a channel shuts all others, until the last one is revoked", async ({ expect }) => {
    const directory = await createBox();
    const ada = await letIn(directory, "ada");
    await change(directory, ada, { what: "grant", kind: "channel", value: "web" });
    expect(await directory.admit(ask("ada"))).toMatchObject({
      status: "refused",
      speaker: { access: { channels: ["web"] } },
    });
    for (const value of ["telegram", "telegram:main"]) {
      await change(directory, ada, { what: "grant", kind: "channel", value });
      expect((await directory.admit(ask("ada"))).status).toBe("admitted");
      await change(directory, ada, { what: "revoke", kind: "channel", value });
      expect((await directory.admit(ask("ada"))).status).toBe("refused");
    }
    await change(directory, ada, { what: "revoke", kind: "channel", value: "web" });
    expect((await directory.admit(ask("ada"))).status).toBe("admitted");
  });

  it("of a channel or account that there is not is refused, and shuts nobody out", async ({
    expect,
  }) => {
    const directory = await createBox();
    const ada = await letIn(directory, "ada");
    const grant = (value: string) =>
      change(directory, ada, { what: "grant", kind: "channel", value });
    for (const value of ["telegarm", "telegram/main", "telegram:mian", "telegram:", "web:other"])
      expect(await grant(value)).toMatchObject({
        code: "person/unknown_channel",
        message: `This box has no ${value}.`,
      });
    expect((await directory.admit(ask("ada"))).status).toBe("admitted");
    for (const value of ["telegram:main", "telegram", "web", "web:main", "api"]) await grant(value);
    expect((await directory.showPerson(ada)).channels).toHaveLength(5);
  });

  it("that was not given cannot be taken back, and there is room for some only", async ({
    expect,
  }) => {
    const directory = await createBox();
    const ada = await letIn(directory, "ada");
    expect(
      await change(directory, ada, { what: "revoke", kind: "model", value: "x" }),
    ).toMatchObject({ code: "person/not_granted", message: "This was not granted to the person." });
    for (let index = 0; index < MAX_GRANTS; index += 1)
      await change(directory, ada, { what: "grant", kind: "model", value: `m${index}` });
    expect(
      await change(directory, ada, { what: "grant", kind: "model", value: "one-more" }),
    ).toMatchObject({
      code: "person/too_many_grants",
      message: `A person has ${MAX_GRANTS} grants of one kind at most.`,
    });
    expect((await directory.showPerson(ada)).models).toHaveLength(MAX_GRANTS);
  });
});

describe("a limit", () => {
  it("of one's own stands in place of the role's, none is none, and it goes again", async ({
    expect,
  }) => {
    const directory = await createBox();
    const ada = await letIn(directory, "ada");
    const set = (value?: number | null) =>
      change(directory, ada, {
        what: "limit",
        name: "messages_day",
        ...(value === undefined ? {} : { value }),
      });
    expect(await set(5)).toMatchObject({ after: { limits: { messages_day: 5 } } });
    expect(await set(null)).toMatchObject({ after: { limits: { messages_day: null } } });
    expect(await set()).toMatchObject({ after: { limits: {} } });
    expect(await directory.person(ada)).not.toHaveProperty("access");
  });
});

describe("removing a person", () => {
  it("takes every way in, and everything that was set or remembered", async ({ expect }) => {
    const directory = await createBox();
    await directory.ensureOwner();
    const account = createAccount({ name: "list", access: "allowlist" });
    await directory.addAccount(account, ["ada"]);
    const admission = await directory.admit(ask("ada", { account: account.key }));
    const ada = admission.status === "admitted" ? admission.speaker.personId : "";
    await change(directory, ada, { what: "grant", kind: "model", value: "m" });
    await change(directory, ada, { what: "limit", name: "messages_day", value: 1 });
    await directory.createApiKey({ name: "hers", scopes: ["chat"], person: ada });
    expect(await remove(directory, ada)).toMatchObject({ id: ada, role: "member" });
    expect(await directory.admit(ask("ada", { account: account.key }))).toEqual({
      status: "denied",
    });
    expect(await directory.apiKeys()).toEqual([]);
    for (const table of ["identities", "person_grants", "person_limits", "api_keys", "facts"])
      expect(await sql(directory, `SELECT * FROM ${table} WHERE person_id = '${ada}'`)).toEqual([]);
    expect((await directory.people()).map(({ role }) => role)).toEqual(["owner"]);
  });
});

describe("what was set for somebody who turns out to be somebody else", () => {
  const session = (conversation: string) =>
    encodeSessionKey({ channel: "telegram", account: "main", conversation });

  async function join(directory: Directory, from: PersonId, into: PersonId): Promise<void> {
    const code = await directory.createLinkCode(session("there"), into);
    const person = await directory.person(from);
    if (!person) throw new Error("nobody");
    const linked = await directory.redeemLink({
      code,
      session: session("here"),
      speaker: speakerOf(person),
    });
    if (linked.status !== "linked") throw new Error(linked.status);
  }

  const kept = async (directory: Directory) => [
    ...(await sql(directory, "SELECT person_id FROM person_grants")),
    ...(await sql(directory, "SELECT person_id FROM person_limits")),
  ];

  it("is set for that person, too: nobody gets rid of it by /link", async ({ expect }) => {
    const directory = await createBox();
    const [ada, phone] = [await letIn(directory, "ada"), await letIn(directory, "phone")];
    await directory.addAccount(
      createAccount({ name: "other", key: accountKey("telegram", "other") }),
      [],
    );
    await change(directory, phone, { what: "grant", kind: "model", value: "small" });
    await change(directory, phone, { what: "grant", kind: "channel", value: "telegram:main" });
    await change(directory, ada, { what: "grant", kind: "channel", value: "telegram:other" });
    await change(directory, phone, { what: "limit", name: "messages_day", value: 5 });
    await change(directory, ada, { what: "limit", name: "messages_day", value: null });
    await change(directory, phone, { what: "limit", name: "files_day", value: 9 });
    await change(directory, ada, { what: "limit", name: "files_day", value: 2 });
    await join(directory, phone, ada);
    expect(await directory.showPerson(ada)).toMatchObject({
      models: ["small"],
      channels: ["telegram:other"],
      limits: { messages_day: 5, files_day: 2 },
    });
    expect(new Set((await kept(directory)).map((row) => row.person_id))).toEqual(new Set([ada]));
  });

  it("is not set for a stronger role, and does not stay behind", async ({ expect }) => {
    const directory = await createBox();
    const owner = await directory.ensureOwner();
    const phone = await letIn(directory, "phone");
    await change(directory, phone, { what: "grant", kind: "model", value: "small" });
    await change(directory, phone, { what: "limit", name: "messages_day", value: 5 });
    await join(directory, phone, owner.id);
    expect(await directory.person(owner.id)).not.toHaveProperty("access");
    expect(await kept(directory)).toEqual([]);
  });

  it("goes with the person, removed or erased, by whichever id", async ({ expect }) => {
    for (const end of ["remove", "erase"] as const) {
      const directory = await createBox();
      const [ada, phone] = [await letIn(directory, "ada"), await letIn(directory, "phone")];
      await change(directory, phone, { what: "limit", name: "messages_day", value: 5 });
      await change(directory, ada, { what: "grant", kind: "model", value: "small" });
      await join(directory, phone, ada);
      if (end === "remove") await remove(directory, phone);
      else await directory.erasePerson([ada, phone]);
      expect(await directory.people(), end).toEqual([]);
      expect(await kept(directory), end).toEqual([]);
    }
  });
});
