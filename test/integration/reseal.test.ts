/** Rows of before are sealed anew in the background: for whom they are, where they were, and in the log, too. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterAll, beforeAll, describe, it, vi } from "vitest";
import { openKeyring } from "../../src/do/isolate.ts";
import { sessionColumns } from "../../src/do/sealed-columns.ts";
import { openVault } from "../../src/do/vault-client.ts";
import { openMasterKey } from "../../src/security/key-tree.ts";
import { env, messageRequest, person } from "../support/integration.ts";
import { ScriptedModel } from "../support/scripted-model.ts";
import { Talk } from "../support/talk.ts";

const model = new ScriptedModel();
const bytesOf = (text: string) => new TextEncoder().encode(text);

beforeAll(() => {
  vi.stubGlobal("fetch", model.fetch);
});
afterAll(() => {
  vi.unstubAllGlobals();
});

const keyOf = ({ conversation }: Talk) => messageRequest("", { conversation }).session;

/** The same in the form of envelope of before. */
async function sealAsBefore(place: string, plain: Uint8Array): Promise<Uint8Array> {
  const { id, wrapped } = await openVault(env).current();
  const master = await openMasterKey(env.MASTER_KEY);
  const { subtle } = crypto;
  const key = await subtle.unwrapKey("raw", wrapped, master, "AES-KW", "AES-GCM", false, [
    "encrypt",
  ]);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const algorithm = { name: "AES-GCM", iv, additionalData: bytesOf(place) };
  const sealed = new Uint8Array(await crypto.subtle.encrypt(algorithm, key, plain));
  return new Uint8Array([1, 0, 0, 0, id, ...iv, ...sealed]);
}

async function bodies(talk: Talk): Promise<Uint8Array[]> {
  return runInDurableObject(env.SESSION.getByName(keyOf(talk)), (_instance, { storage }) =>
    sessionColumns(keyOf(talk)).flatMap(({ table, column }) =>
      storage.sql
        .exec<{ sealed: ArrayBuffer }>(`SELECT ${column} AS sealed FROM ${table}`)
        .toArray()
        .map(({ sealed }) => new Uint8Array(sealed)),
    ),
  );
}

/** Turns every sealed row of the conversation, and of the log, into one of before. */
async function ageRows(talk: Talk): Promise<void> {
  const keyring = await openKeyring(env);
  await runInDurableObject(env.SESSION.getByName(keyOf(talk)), async (_instance, { storage }) => {
    for (const { table, column, keys, place } of sessionColumns(keyOf(talk))) {
      const rows = storage.sql
        .exec<Record<string, SqlStorageValue>>(`SELECT *, ${column} AS sealed FROM ${table}`)
        .toArray();
      for (const row of rows) {
        const values = keys.map((key) => row[key] ?? null);
        const at = place(...values);
        const plain = await keyring.open(at, new Uint8Array(row.sealed as ArrayBuffer));
        const old = await sealAsBefore(at, plain);
        const where = keys.map((key) => `${key} = ?`).join(" AND ");
        storage.sql.exec(`UPDATE ${table} SET ${column} = ? WHERE ${where}`, old, ...values);
      }
    }
  });
  await env.DB.prepare("UPDATE messages SET body = 'AQAAAAEA' || substr(body, 9)").run();
}

describe("rows of before", () => {
  it("are sealed anew by the vault's alarm, for their person, and their log rows with them", async ({
    expect,
  }) => {
    const talk = new Talk();
    const first = await talk.say("my rhubarb");
    await model.answer("noted");
    await talk.replyTo(first);
    await talk.ask("/pin sour fruit");
    await talk.calls.storeFile({
      personId: person.personId,
      kind: "file",
      name: "a.txt",
      mime: "text/plain",
      bytes: bytesOf("stalks"),
    });
    await vi.waitFor(async () => {
      const logged = await env.DB.prepare("SELECT count(*) AS n FROM messages").first("n");
      expect(logged).toBe(4);
    }, 25_000);
    await ageRows(talk);
    const aged = await bodies(talk);
    expect(aged).toHaveLength(7);
    expect(aged.every((body) => body[0] === 1)).toBe(true);
    expect(await runDurableObjectAlarm(openVault(env))).toBe(true);
    await vi.waitFor(async () => {
      expect((await bodies(talk)).every((body) => body[0] === 2 && body[8] === 1)).toBe(true);
      const { results } = await env.DB.prepare("SELECT body FROM messages").all<{ body: string }>();
      expect(results.map(({ body }) => body.slice(0, 2))).toEqual(["Ag", "Ag", "Ag", "Ag"]);
    }, 25_000);
    expect(await talk.texts()).toContain("my rhubarb");
  });
});
