/** Erasing a person inside workerd: everything of the person goes, nothing of anybody else, and a receipt stays. */
import { createExecutionContext, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterAll, beforeAll, describe, it, vi } from "vitest";
import { adminApp } from "../../src/app.ts";
import { signedReceiptText } from "../../src/core/erasure.ts";
import { newId, type PersonId, type SessionKey } from "../../src/core/ids.ts";
import { ERASED } from "../../src/db/erase-statements.ts";
import { loadLoggedPerson } from "../../src/db/logged-person.ts";
import { openDirectory } from "../../src/do/directory/directory-client.ts";
import { openKeyring } from "../../src/do/isolate.ts";
import { ErasureRows } from "../../src/do/person-data/erasure-rows.ts";
import { findErasable } from "../../src/do/person-data/find-erasable.ts";
import { joinPersonKeys } from "../../src/do/vault/person-keys.ts";
import { createAccount, failureOf, letIn } from "../support/directory.ts";
import { env } from "../support/integration.ts";
import { exportTexts } from "../support/person-export.ts";
import { ScriptedModel, until } from "../support/scripted-model.ts";
import { Talk } from "../support/talk.ts";

const model = new ScriptedModel();
const BY = { userId: null, ip: null };

beforeAll(async () => {
  vi.stubGlobal("fetch", model.fetch);
  await openDirectory(env).addAccount(createAccount(), []);
});
afterAll(() => {
  vi.unstubAllGlobals();
});

interface Someone {
  personId: PersonId;
  role: "member";
  name: string;
  lang: "en";
}

async function createPerson(sender: string): Promise<Someone> {
  const personId = await letIn(openDirectory(env), sender);
  return { personId, role: "member", name: `Name of ${sender}`, lang: "en" };
}

function erasureOf({ personId }: Someone) {
  return env.ERASURE.getByName(personId);
}

async function waitForReceipt(someone: Someone) {
  const erasure = erasureOf(someone);
  for (;;) {
    const state = await erasure.state();
    if (state.status === "done") return state.receipt;
    await scheduler.wait(50);
  }
}

async function erase(someone: Someone) {
  await erasureOf(someone).start({ personId: someone.personId, by: BY });
  return waitForReceipt(someone);
}

function admin(method: string, path: string): Promise<Response> {
  const call = adminApp.request(`http://admin${path}`, { method }, env, createExecutionContext());
  return Promise.resolve(call);
}

async function countD1(table: string, personId: string): Promise<number> {
  const column = table === "people" ? "id" : "person_id";
  const query = `SELECT count(*) AS n FROM ${table} WHERE ${column} = ?`;
  return (await env.DB.prepare(query).bind(personId).first<number>("n")) ?? 0;
}

describe("an erasure", () => {
  it("takes a person out of everywhere, and signs what went", async ({ expect }) => {
    const ada = await createPerson("ada-1");
    const talk = new Talk();
    await talk.sayAs(ada, "/help");
    await talk.sayAs(ada, "/pin remember this");
    await talk.calls.storeFile({
      personId: ada.personId,
      kind: "file",
      name: "a.txt",
      mime: "text/plain",
      bytes: new TextEncoder().encode("hello"),
    });
    await openDirectory(env).remember(ada.personId, "k", "Likes tea.");
    await openDirectory(env).createApiKey({ name: "adas", scopes: ["chat"], person: ada.personId });
    await until(async () => (await countD1("messages", ada.personId)) === 4);

    const receipt = await erase(ada);
    expect(receipt).toMatchObject({
      person_id: ada.personId,
      conversations: 1,
      messages: 4,
      files: 1,
      identities: 1,
    });
    const key = await crypto.subtle.importKey(
      "raw",
      Uint8Array.fromHex(receipt.public_key),
      { name: "Ed25519" },
      false,
      ["verify"],
    );
    const signature = Uint8Array.fromHex(receipt.signature);
    const text = new TextEncoder().encode(signedReceiptText(receipt));
    expect(await crypto.subtle.verify({ name: "Ed25519" }, key, signature, text)).toBe(true);

    expect(await openDirectory(env).person(ada.personId)).toBeUndefined();
    expect(await openDirectory(env).facts(ada.personId)).toEqual([]);
    expect((await openDirectory(env).apiKeys()).map(({ name }) => name)).not.toContain("adas");
    for (const table of ["messages", "turns", "usage", "people", "identities"])
      expect(await countD1(table, ada.personId), table).toBe(0);
    expect(await countD1("turns", ERASED)).toBeGreaterThan(0);
    for (const table of ["messages", "inbox", "files", "file_chunks", "pins", "outbox", "journal"])
      expect(await talk.sql(`SELECT 1 FROM ${table}`), table).toEqual([]);
    const audit = env.AUDIT.getByName("audit");
    const entries = await audit.entriesBefore(Number.MAX_SAFE_INTEGER, 500, "");
    const about = entries.filter((entry) => entry.subject_id === ada.personId);
    expect(about.map((entry) => entry.action_type)).toContain("person.erased");
    expect(JSON.stringify(entries)).not.toContain("ada-1");
  });

  it("leaves in a group what others said, and everything that is somebody else's", async ({
    expect,
  }) => {
    const ada = await createPerson("ada-2");
    const bob = await createPerson("bob-2");
    const group = new Talk();
    await group.sayAs(ada, "/help");
    await group.sayAs(bob, "/whoami");
    await openDirectory(env).remember(bob.personId, "k", "Likes coffee.");
    await until(async () => (await countD1("messages", ada.personId)) === 2);
    await erase(ada);
    const left = await group.sql("SELECT DISTINCT person_id FROM messages");
    expect(left).toEqual([{ person_id: bob.personId }]);
    expect(await countD1("messages", bob.personId)).toBe(2);
    expect(await openDirectory(env).facts(bob.personId)).toHaveLength(1);
  });

  it("takes a file that waits in the web chat and was never sent; before, an export has it", async ({
    expect,
  }) => {
    const ada = await createPerson("ada-unsent");
    const home = new Talk(ada.personId);
    const kept = await home.calls.storeFile({
      personId: ada.personId,
      kind: "file",
      name: "draft.txt",
      mime: "text/plain",
      bytes: new TextEncoder().encode("never sent"),
    });
    if ("status" in kept) throw new Error("moved");
    const files = await exportTexts(ada.personId);
    expect(files.get(`conversations/1/files/${kept.fileId}.txt`)).toBe("never sent");
    expect(await erase(ada)).toMatchObject({ conversations: 1, messages: 0, files: 1 });
    for (const table of ["files", "file_chunks"])
      expect(await home.sql(`SELECT 1 FROM ${table}`), table).toEqual([]);
  });

  it("goes to its end where a message was changed or damaged on disk", async ({ expect }) => {
    const ada = await createPerson("ada-damaged");
    const bob = await createPerson("bob-damaged");
    const group = new Talk();
    for (const who of [ada, bob]) await group.replyTo(await group.sayAs(who, "/help"));
    await until(async () => (await countD1("messages", ada.personId)) === 2);
    await group.sql("UPDATE messages SET body = zeroblob(length(body))");
    expect(await erase(ada)).toMatchObject({ conversations: 1, messages: 2 });
    const left = await group.sql("SELECT DISTINCT person_id FROM messages");
    expect(left).toEqual([{ person_id: bob.personId }]);
  });

  it("also erases under the ids that the person had before a /link", async ({ expect }) => {
    const before = await createPerson("ada-3a");
    const after = await createPerson("ada-3b");
    const old = new Talk();
    await old.sayAs(before, "/help");
    await until(async () => (await countD1("messages", before.personId)) === 2);
    const session = "web:main:none" as Parameters<typeof directory.createLinkCode>[0];
    const directory = openDirectory(env);
    const code = await directory.createLinkCode(session, after.personId);
    const here = "telegram:main:ada-3a" as typeof session;
    const linked = await directory.redeemLink({ code, session: here, speaker: before });
    if (linked.status !== "linked") throw new Error("The code was not taken.");
    await joinPersonKeys(env, linked.joined);
    await erase(after);
    expect(await countD1("messages", before.personId)).toBe(0);
    expect(await old.sql("SELECT 1 FROM messages")).toEqual([]);
  });

  it("destroys the keys: a copy of what was sealed opens no more", async ({ expect }) => {
    const ada = await createPerson("ada-4");
    const keyring = await openKeyring(env);
    const copy = await keyring.seal("place", new TextEncoder().encode("secret"), ada.personId);
    await erase(ada);
    await expect(keyring.open("place", copy)).rejects.toMatchObject({ code: "crypto/erased" });
  });

  it("goes on after a kill at any time, to the same end", async ({ expect }) => {
    const ada = await createPerson("ada-5");
    const talk = new Talk();
    await talk.sayAs(ada, "/help");
    await until(async () => (await countD1("messages", ada.personId)) === 2);
    await erasureOf(ada).start({ personId: ada.personId, by: BY });
    for (let kill = 0; kill < 5; kill += 1) {
      await runInDurableObject(erasureOf(ada), (_instance, state) => {
        state.abort("killed");
      }).catch(() => undefined);
      await scheduler.wait(20 * kill);
    }
    const receipt = await waitForReceipt(ada);
    expect(receipt).toMatchObject({ conversations: 1, messages: 2, identities: 1 });
    expect(await countD1("messages", ada.personId)).toBe(0);
  });

  it("takes, too, what a turn that ran meanwhile remembered and listed of the person", async ({
    expect,
  }) => {
    const ada = await createPerson("ada-late");
    const { personId } = ada;
    await erasureOf(ada).start({ personId, by: BY, delayMs: 3_600_000 });
    const directory = openDirectory(env);
    await directory.remember(personId, "late", "Likes tea.");
    const session = "web:main:late" as SessionKey;
    await directory.openHandover({ id: newId(), session, personId, flow: "help" });
    await runInDurableObject(erasureOf(ada), async (_instance, { storage }) => {
      const rows = new ErasureRows(storage);
      const begun = rows.load();
      if (!begun) throw new Error("not begun");
      rows.keep({ ...begun, ids: [personId], step: "settle", settledAtMs: Date.now() });
      await storage.setAlarm(Date.now());
    });
    await waitForReceipt(ada);
    expect(await directory.facts(personId)).toEqual([]);
    expect(await directory.handoversOf([personId])).toEqual([]);
  });

  it("is begun once, and its receipt stays", async ({ expect }) => {
    const ada = await createPerson("ada-6");
    const receipt = await erase(ada);
    await evictDurableObject(erasureOf(ada));
    expect(await erase(ada)).toEqual(receipt);
    expect(receipt.messages).toBe(0);
  });

  it("takes who was removed before, too: what was said, the log and the keys", async ({
    expect,
  }) => {
    const ada = await createPerson("ada-7");
    const talk = new Talk();
    await talk.sayAs(ada, "/help");
    await until(async () => (await countD1("messages", ada.personId)) === 2);
    await until(async () => (await countD1("people", ada.personId)) === 1);
    const keyring = await openKeyring(env);
    const copy = await keyring.seal("place", new TextEncoder().encode("secret"), ada.personId);
    expect((await admin("DELETE", `/people/${ada.personId}`)).status).toBe(200);
    expect(await talk.sql("SELECT 1 FROM messages")).toHaveLength(2);

    const byName = await admin("POST", "/people/Name%20of%20ada-7/erase");
    expect(await byName.json()).toMatchObject({
      code: "person/unknown",
      detail: "Nobody has this name or id.",
    });
    const begun = await admin("POST", `/people/${ada.personId}/erase`);
    expect(await begun.json()).toEqual({ personId: ada.personId });
    expect(begun.status).toBe(202);
    expect(await waitForReceipt(ada)).toMatchObject({ conversations: 1, messages: 2 });
    for (const table of ["messages", "people", "identities"])
      expect(await countD1(table, ada.personId), table).toBe(0);
    expect(await talk.sql("SELECT 1 FROM messages")).toEqual([]);
    await expect(keyring.open("place", copy)).rejects.toMatchObject({ code: "crypto/erased" });
  });

  it("is not undone or disturbed by removing the person after it began, and is found again by id", async ({
    expect,
  }) => {
    const ada = await createPerson("ada-8");
    const talk = new Talk();
    await talk.sayAs(ada, "/help");
    await until(async () => (await countD1("messages", ada.personId)) === 2);
    await erasureOf(ada).start({ personId: ada.personId, by: BY, delayMs: 2_000 });
    expect((await admin("DELETE", `/people/${ada.personId}`)).status).toBe(200);
    const receipt = await waitForReceipt(ada);
    expect(receipt).toMatchObject({ conversations: 1, messages: 2 });
    const again = await admin("POST", `/people/${ada.personId}/erase`);
    expect(await again.json()).toEqual({ personId: ada.personId });
    expect(await waitForReceipt(ada)).toEqual(receipt);
    expect((await admin("DELETE", `/people/${ada.personId}`)).status).toBe(404);
    const nobody = await admin("POST", `/people/${crypto.randomUUID()}/erase`);
    expect(await nobody.json()).toMatchObject({ code: "person/unknown", status: 404 });
  });

  it("of an admin who was removed is the owner's to begin", async ({ expect }) => {
    const { personId } = await createPerson("ada-9");
    const directory = openDirectory(env);
    await directory.changePerson(personId, { what: "role", role: "admin" }, "owner");
    await until(async () => (await loadLoggedPerson(env.DB, [personId]))?.role === "admin");
    await directory.removePerson(personId, "owner");
    await expect(findErasable(env, personId, "admin")).rejects.toMatchObject({
      code: "permission/denied",
      message: "Only the owner makes and unmakes owners and admins.",
    });
    expect(await findErasable(env, personId, "owner")).toBe(personId);
  });

  it("never takes the owner", async ({ expect }) => {
    const owner = await openDirectory(env).ensureOwner();
    const failure = await failureOf(openDirectory(env), (directory) =>
      directory.erasePerson([owner.id]),
    );
    expect(failure).toMatchObject({
      code: "person/is_owner",
      message: "The owner of the box cannot be erased.",
    });
    expect(await openDirectory(env).person(owner.id)).toBeDefined();
  });
});
