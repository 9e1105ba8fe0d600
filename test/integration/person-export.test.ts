/** The export of a person inside workerd: all that is the person's, and nothing of anybody else. */
import { createExecutionContext, runInDurableObject } from "cloudflare:test";
import { afterAll, beforeAll, describe, it, vi } from "vitest";
import { adminApp } from "../../src/app.ts";
import type { PersonId } from "../../src/core/ids.ts";
import type { SessionCalls } from "../../src/core/session-protocol.ts";
import { openDirectory } from "../../src/do/directory/directory-client.ts";
import { openKeyring } from "../../src/do/isolate.ts";
import { findErasable } from "../../src/do/person-data/find-erasable.ts";
import { findExportable } from "../../src/do/person-data/find-exportable.ts";
import { Summaries } from "../../src/do/session/summaries.ts";
import { joinPersonKeys } from "../../src/do/vault/person-keys.ts";
import { createAccount } from "../support/directory.ts";
import { env, messageRequest } from "../support/integration.ts";
import { createMember, exportTexts, untilLogged } from "../support/person-export.ts";
import { ScriptedModel, until } from "../support/scripted-model.ts";
import { Talk } from "../support/talk.ts";
import { tarTexts } from "../support/tar-texts.ts";

const model = new ScriptedModel();

beforeAll(async () => {
  vi.stubGlobal("fetch", model.fetch);
  await openDirectory(env).addAccount(createAccount(), []);
});
afterAll(() => {
  vi.unstubAllGlobals();
});

function bothForms(...names: string[]): string[] {
  return names.flatMap((name) => [`${name}.json`, `${name}.html`]);
}

describe("an export", () => {
  it("holds conversations with their files, memory and keys, and names each file signed", async ({
    expect,
  }) => {
    const ada = await createMember("ada-export");
    const talk = new Talk();
    const kept = await talk.calls.storeFile({
      personId: ada.personId,
      kind: "file",
      name: "notes <b>.txt",
      mime: "text/plain",
      bytes: new TextEncoder().encode("the file itself"),
    });
    if ("status" in kept) throw new Error("moved");
    await talk.sayAs(ada, "/help");
    await untilLogged(ada.personId, 2);
    await openDirectory(env).remember(ada.personId, "k", "Likes tea.");
    await openDirectory(env).createApiKey({
      name: "export-key",
      scopes: ["chat"],
      person: ada.personId,
    });
    const files = await exportTexts(ada.personId);
    expect([...files.keys()]).toEqual([
      ...bothForms("person", "memory", "api-keys", "sign-ins", "hand-overs", "turns", "usage"),
      ...bothForms("conversations/1/about"),
      `conversations/1/files/${kept.fileId}.txt`,
      "conversations/1/page-1.json",
      "conversations/1/page-1.html",
      ...bothForms("audit", "access"),
      "index.html",
      "manifest.json",
      "manifest.sig.json",
    ]);
    expect(files.get(`conversations/1/files/${kept.fileId}.txt`)).toBe("the file itself");
    expect(files.get("memory.json")).toContain("Likes tea.");
    expect(files.get("api-keys.json")).toContain("export-key");
    expect(files.get("person.json")).toContain("ada-export");
    expect(files.get("conversations/1/page-1.json")).toContain("/help");
    expect(files.get("conversations/1/page-1.html")).toContain("Rockpool");
    expect(files.get("audit.json")).toContain("person.exported");
  });

  it("holds what the model is told of older turns, in short, where nobody else speaks", async ({
    expect,
  }) => {
    const ada = await createMember("ada-summary");
    const bob = await createMember("bob-summary");
    const talk = new Talk();
    await talk.sayAs(ada, "/help");
    await untilLogged(ada.personId, 2);
    const { session } = messageRequest("", { conversation: talk.conversation });
    await runInDurableObject(env.SESSION.getByName(session), async (_object, { storage }) => {
      const summaries = new Summaries(storage.sql, await openKeyring(env), session);
      const sealed = await summaries.seal({ throughSeq: 1, text: "Ada keeps carp." }, ada.personId);
      summaries.replace(1, sealed, Date.now());
    });
    const about = (await exportTexts(ada.personId)).get("conversations/1/about.json");
    expect(JSON.parse(String(about))).toMatchObject({ summary: "Ada keeps carp." });
    await talk.sayAs(bob, "/help");
    const shared = (await exportTexts(ada.personId)).get("conversations/1/about.json");
    expect(JSON.parse(String(shared))).not.toHaveProperty("summary");
  });

  it("holds of a group only what the person wrote", async ({ expect }) => {
    const ada = await createMember("ada-group");
    const bob = await createMember("bob-group");
    const group = new Talk();
    await group.sayAs(ada, "/timezone Nowhere-Ada");
    await group.sayAs(bob, "/timezone Nowhere-Bob");
    await untilLogged(ada.personId, 2);
    await untilLogged(bob.personId, 2);
    const files = await exportTexts(ada.personId);
    const page = String(files.get("conversations/1/page-1.json"));
    expect(JSON.parse(page)).toHaveLength(1);
    expect(page).toContain("Nowhere-Ada");
    expect([...files.values()].join("")).not.toContain("Nowhere-Bob");
  });

  it("is of nobody who is not known", async ({ expect }) => {
    for (const nobody of ["nobody-at-all", crypto.randomUUID()])
      await expect(findExportable(env, nobody)).rejects.toMatchObject({
        code: "person/unknown",
        message: "Nobody has this name or id.",
      });
  });
});

function admin(method: string, path: string): Promise<Response> {
  const call = adminApp.request(`http://admin${path}`, { method }, env, createExecutionContext());
  return Promise.resolve(call);
}

async function untilKnown(personId: PersonId): Promise<void> {
  const query = "SELECT count(*) AS n FROM people WHERE id = ?";
  await until(async () => (await env.DB.prepare(query).bind(personId).first("n")) === 1);
}

describe("an export of somebody who was removed", () => {
  it("has what is left: conversations, the logs, and the name that these know", async ({
    expect,
  }) => {
    const ada = await createMember("ada-removed");
    const talk = new Talk();
    await talk.sayAs(ada, "/help");
    await untilLogged(ada.personId, 2);
    await untilKnown(ada.personId);
    await openDirectory(env).remember(ada.personId, "k", "Likes tea.");
    expect((await admin("DELETE", `/people/${ada.personId}`)).status).toBe(200);
    const byName = await admin("GET", "/people/Name%20of%20ada-removed/export");
    expect(await byName.json()).toMatchObject({
      code: "person/unknown",
      detail: "Nobody has this name or id.",
    });
    const response = await admin("GET", `/people/${ada.personId}/export`);
    expect(response.status).toBe(200);
    const files = tarTexts(new Uint8Array(await response.arrayBuffer()));
    expect(JSON.parse(String(files.get("person.json")))).toMatchObject({
      id: ada.personId,
      isRemoved: true,
      role: "member",
      name: "Name of ada-removed",
      timeZone: null,
      identities: [{ id: "telegram:main:ada-removed" }],
    });
    expect(files.get("memory.json")).toBe("[]\n");
    expect(files.get("conversations/1/page-1.json")).toContain("/help");
    expect(files.get("audit.json")).toContain("person.removed");
    expect([...files.keys()].slice(-2)).toEqual(["manifest.json", "manifest.sig.json"]);
  });

  it("is found by each id that the person had, and has what was said under all of them", async ({
    expect,
  }) => {
    const before = await createMember("ada-old");
    const after = await createMember("ada-new");
    await new Talk().sayAs(before, "/timezone Nowhere-Old");
    await new Talk().sayAs(after, "/timezone Nowhere-New");
    await untilLogged(before.personId, 2);
    await untilLogged(after.personId, 2);
    await untilKnown(after.personId);
    await joinPersonKeys(env, { from: before.personId, into: after.personId });
    const directory = openDirectory(env);
    await directory.removePerson(before.personId, "owner");
    await directory.removePerson(after.personId, "owner");
    for (const id of [before.personId, after.personId]) {
      const files = await exportTexts(id);
      expect(JSON.parse(String(files.get("person.json")))).toMatchObject({
        id: after.personId,
        name: "Name of ada-new",
      });
      const texts = [...files.values()].join();
      expect(texts).toContain("Nowhere-Old");
      expect(texts).toContain("Nowhere-New");
    }
  });

  it("says of whoever was erased what the audit log keeps, and has the receipt", async ({
    expect,
  }) => {
    const ada = await createMember("ada-erased");
    const talk = new Talk();
    await talk.sayAs(ada, "/timezone Nowhere-Erased");
    await untilLogged(ada.personId, 2);
    const erasure = env.ERASURE.getByName(ada.personId);
    await erasure.start({ personId: ada.personId, by: { userId: null, ip: null } });
    await until(async () => (await erasure.state()).status === "done");
    const files = await exportTexts(ada.personId);
    expect(JSON.parse(String(files.get("person.json")))).toEqual({
      id: ada.personId,
      isRemoved: true,
      erasures: [expect.objectContaining({ kind: "rockpool-erasure", messages: 2 })],
      timeZone: null,
      identities: [],
    });
    expect(files.get("audit.json")).toContain("person.erased");
    expect([...files.keys()].join()).not.toContain("conversations");
    const texts = [...files.values()].join();
    expect(texts).not.toContain("Nowhere-Erased");
    expect(texts).not.toContain("ada-erased");
  });

  it("is the owner's to make of a former owner, by whichever id, and erasing an admin, too", async ({
    expect,
  }) => {
    const directory = openDirectory(env);
    await directory.ensureOwner();
    const guest = await createMember("ada-guest");
    const strong = await createMember("ada-strong");
    await directory.changePerson(strong.personId, { what: "role", role: "owner" }, "owner");
    for (const { personId } of [guest, strong]) await untilKnown(personId);
    const query = "SELECT role FROM people WHERE id = ?";
    const roleOf = () => env.DB.prepare(query).bind(strong.personId).first<string>("role");
    await until(async () => (await roleOf()) === "owner");
    await joinPersonKeys(env, { from: guest.personId, into: strong.personId });
    for (const id of [guest.personId, strong.personId]) await directory.removePerson(id, "owner");
    expect((await findExportable(env, guest.personId)).role).toBe("owner");
    await expect(findErasable(env, guest.personId, "admin")).rejects.toMatchObject({
      code: "permission/denied",
      message: "Only the owner makes and unmakes owners and admins.",
    });
  });
});

describe("/export where the box has no address", () => {
  it("tells the owner who wants a copy, and how it is made", async ({ expect }) => {
    const ada = await createMember("ada-asks");
    const request = messageRequest("/export");
    Object.assign(request, { account: "unknown:main", speaker: ada });
    const talk = env.SESSION.getByName(request.session) as unknown as SessionCalls; // as in Talk
    await talk.accept(request);
    expect(await talk.reply(request.account, request.event.key, 10_000)).toEqual({
      status: "answered",
      text: "I have told the owner of this box that you want a copy of everything I have of you. The owner makes it and hands it to you.",
    });
    const owner = await openDirectory(env).ensureOwner();
    const own = new Talk(owner.id);
    await until(async () => (await own.texts()).some((text) => text.includes(ada.personId)));
    expect((await own.texts()).join()).toContain(`npx rockpool person export ${ada.personId}`);
  });
});
