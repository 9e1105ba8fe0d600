/** What works once in the directory: the owner's link, and the codes that link two conversations. */
import { describe, it } from "vitest";
import { encodeSessionKey, type PersonId } from "../../src/core/ids.ts";
import { LINK_CODE_MS, MAX_OWNER_LINKS, OWNER_LINK_MS } from "../../src/do/directory/one-time.ts";
import {
  ask,
  createAccount,
  createDirectory,
  type Directory,
  failureOf,
  letIn,
  sql,
} from "../support/directory.ts";

function sessionOf(conversation: string) {
  return encodeSessionKey({ channel: "telegram", account: "main", conversation });
}

describe("the owner's link", () => {
  const refused = {
    code: "owner/bad_token",
    message: "This owner link was used already, or has expired.",
  };

  function redeem(directory: Directory, token: string): Promise<unknown> {
    return failureOf(directory, (object) => object.redeemOwnerToken(token));
  }

  it("makes the owner, once, and the same person each time", async ({ expect }) => {
    const directory = createDirectory();
    expect((await directory.counts()).ownerKnown).toBe(false);
    const [one, two] = [await directory.createOwnerLink(), await directory.createOwnerLink()];
    const owner = await redeem(directory, one.token);
    expect(owner).toMatchObject({ role: "owner", name: "Owner", lang: "en" });
    expect(await redeem(directory, one.token)).toMatchObject(refused);
    expect(await redeem(directory, two.token)).toEqual(owner);
    expect(await directory.ensureOwner()).toEqual(owner);
    expect(await directory.counts()).toMatchObject({ people: 1, ownerKnown: true });
  });

  it("works for a day, and is kept as a hash only", async ({ expect }) => {
    const directory = createDirectory();
    const { token, expiresAtMs } = await directory.createOwnerLink();
    expect(Math.abs(expiresAtMs - Date.now() - OWNER_LINK_MS)).toBeLessThan(60_000);
    expect(JSON.stringify(await sql(directory, "SELECT * FROM owner_tokens"))).not.toContain(token);
    await sql(directory, `UPDATE owner_tokens SET expires_at_ms = ${Date.now()}`);
    expect(await redeem(directory, token)).toMatchObject(refused);
    expect(await redeem(directory, "")).toMatchObject(refused);
    expect((await directory.counts()).ownerKnown).toBe(false);
  });

  it(`is one of ${MAX_OWNER_LINKS} at most: a new one ends the oldest, also of the same millisecond`, async ({
    expect,
  }) => {
    const directory = createDirectory();
    const links = [];
    for (let index = 0; index <= MAX_OWNER_LINKS; index += 1) {
      links.push(await directory.createOwnerLink());
      await sql(directory, `UPDATE owner_tokens SET expires_at_ms = ${Date.now() + OWNER_LINK_MS}`);
    }
    expect(await sql(directory, "SELECT 1 FROM owner_tokens")).toHaveLength(MAX_OWNER_LINKS);
    expect(await redeem(directory, links[0]?.token ?? "")).toMatchObject(refused);
    expect(await redeem(directory, links[1]?.token ?? "")).toMatchObject({ role: "owner" });
  });
});

describe("a link that signs a member in", () => {
  it("ends with what the member was: a new role, or becoming one with somebody", async ({
    expect,
  }) => {
    const directory = createDirectory();
    await directory.addAccount(createAccount(), []);
    const [ada, phone] = [await letIn(directory, "ada"), await letIn(directory, "phone")];
    const owner = await directory.ensureOwner();
    const links = [];
    for (const id of [ada, phone, owner.id])
      links.push((await directory.createOwnerLink(undefined, id)).token);
    await directory.changePerson(ada, { what: "role", role: "owner" }, "owner");
    const code = await directory.createLinkCode(sessionOf("there"), owner.id);
    const speaker = { personId: phone, role: "member", name: "Phone", lang: "en" } as const;
    await directory.redeemLink({ code, session: sessionOf("here"), speaker });
    const redeem = (token = "") => failureOf(directory, (it) => it.redeemOwnerToken(token));
    for (const token of links.slice(0, 2))
      expect(await redeem(token)).toMatchObject({ code: "owner/bad_token" });
    expect(await redeem(links[2])).toMatchObject({ id: owner.id });
  });
});

describe("linking two conversations", () => {
  const [here, there, elsewhere] = [sessionOf("here"), sessionOf("there"), sessionOf("elsewhere")];

  function speakerOf(personId: PersonId) {
    return { personId, role: "member", name: "x", lang: "en" } as const;
  }

  it("joins the person who types the code to the one who made it, for good", async ({ expect }) => {
    const directory = createDirectory();
    await directory.addAccount(createAccount(), []);
    const [ada, phone] = [await letIn(directory, "ada"), await letIn(directory, "phone")];
    const code = await directory.createLinkCode(here, ada);
    const request = { code, session: there, speaker: speakerOf(phone) };
    const joined = { from: phone, into: ada };
    const linked = { status: "linked", to: here, channel: "telegram", joined };
    expect(await directory.redeemLink(request)).toEqual(linked);
    expect(await directory.admit(ask("phone"))).toMatchObject({ speaker: { personId: ada } });
    expect(await directory.redeemLink(request)).toEqual(linked);
    expect(await directory.redeemLink({ ...request, session: elsewhere })).toEqual({
      status: "bad_code",
    });
  });

  it("takes no code that is made up, too old, replaced by a newer one, or the conversation's own", async ({
    expect,
  }) => {
    const directory = createDirectory();
    const { id } = await directory.ensureOwner();
    const type = async (code: string, into = there) =>
      (await directory.redeemLink({ code, session: into, speaker: speakerOf(id) })).status;
    expect(await type("AAAAAAAA")).toBe("bad_code");
    const first = await directory.createLinkCode(here, id);
    const second = await directory.createLinkCode(here, id);
    expect(await type(first)).toBe("bad_code");
    expect(await type(second, here)).toBe("same_conversation");
    await sql(directory, `UPDATE link_codes SET expires_at_ms = expires_at_ms - ${LINK_CODE_MS}`);
    expect(await type(second)).toBe("bad_code");
  });

  it("never joins two conversations in a circle", async ({ expect }) => {
    const directory = createDirectory();
    const { id } = await directory.ensureOwner();
    const speaker = speakerOf(id);
    const [ofHere, ofThere] = [
      await directory.createLinkCode(here, id),
      await directory.createLinkCode(there, id),
    ];
    expect(await directory.redeemLink({ code: ofHere, session: there, speaker })).toMatchObject({
      to: here,
    });
    expect(await directory.redeemLink({ code: ofThere, session: here, speaker })).toEqual({
      status: "bad_code",
    });
  });
});
