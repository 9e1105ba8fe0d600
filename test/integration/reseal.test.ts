/** Rows of before are sealed anew in the background: for whom they are, where they were, and in the log, too. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterAll, beforeAll, describe, it, vi } from "vitest";
import type { TurnId } from "../../src/core/ids.ts";
import { openAudit } from "../../src/do/audit/audit-client.ts";
import { openCredentials } from "../../src/do/credentials/credentials-client.ts";
import { openDirectory } from "../../src/do/directory/directory-client.ts";
import { openKeyring } from "../../src/do/isolate.ts";
import { Digests } from "../../src/do/session/digests.ts";
import { Notices } from "../../src/do/session/notices.ts";
import { rotateDataKey } from "../../src/do/vault/key-admin.ts";
import { resealAll, type SealedColumn } from "../../src/do/vault/reseal.ts";
import { BOX_COLUMNS, sessionColumns } from "../../src/do/vault/sealed-columns.ts";
import { STALE_MS, STALE_STEP_MS } from "../../src/do/vault/vault.ts";
import { openVault } from "../../src/do/vault/vault-client.ts";
import { parseEnvelope } from "../../src/security/envelope.ts";
import { openMasterKey } from "../../src/security/key-tree.ts";
import { env, messageRequest, person } from "../support/integration.ts";
import { ScriptedModel, until } from "../support/scripted-model.ts";
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

/** What is sealed in these columns, by table and column. */
function readColumns(sql: SqlStorage, columns: readonly SealedColumn[]): Map<string, Uint8Array[]> {
  return new Map(
    columns.map(({ table, column }) => [
      `${table}.${column}`,
      sql
        .exec<{ sealed: ArrayBuffer }>(
          `SELECT ${column} AS sealed FROM ${table} WHERE ${column} IS NOT NULL`,
        )
        .toArray()
        .map(({ sealed }) => new Uint8Array(sealed)),
    ]),
  );
}

async function bodies(talk: Talk): Promise<Map<string, Uint8Array[]>> {
  return runInDurableObject(env.SESSION.getByName(keyOf(talk)), (_instance, { storage }) =>
    readColumns(storage.sql, sessionColumns(keyOf(talk))),
  );
}

async function allBodies(talk: Talk): Promise<Uint8Array[]> {
  return [...(await bodies(talk)).values()].flat();
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

/** Makes all data keys so old that nothing is to stay under them; the id of the one after them. */
async function ageKeys(): Promise<number> {
  await runInDurableObject(openVault(env), (_instance, { storage }) => {
    const ms = STALE_MS + STALE_STEP_MS;
    storage.sql.exec("UPDATE data_keys SET created_at_ms = created_at_ms - ?", ms);
  });
  await rotateDataKey(env);
  return (await openVault(env).current()).id;
}

function dataKeyOf(body: Uint8Array): number {
  return parseEnvelope(body).dataKey;
}

async function loggedBodies(talk: Talk): Promise<Uint8Array[]> {
  const { results } = await env.DB.prepare("SELECT body FROM messages WHERE session_id = ?")
    .bind(keyOf(talk))
    .all<{ body: string }>();
  return results.map(({ body }) => Uint8Array.fromBase64(body));
}

async function logged(talk: Talk, messages: number): Promise<void> {
  await until(async () => (await loggedBodies(talk)).length === messages);
}

/** In how long the vault looks again. */
async function nextSweepMs(): Promise<number> {
  const atMs = await runInDurableObject(openVault(env), (_instance, { storage }) =>
    storage.getAlarm(),
  );
  return (atMs ?? 0) - Date.now();
}

const HOUR_MS = 3_600_000;
const NOTICE = { en: "a guest came", zh: "来了一位客人" };
const PLAN = { question: "", names: ["a.txt"], partTokens: 9, toldTokens: 9, isCut: false };

/** Something of what otherwise goes within days, in a conversation that sleeps before it does. */
async function leaveWaiting(talk: Talk): Promise<() => Promise<unknown>> {
  const keyring = await openKeyring(env);
  const turnId = "turn" as TurnId;
  const stub = env.SESSION.getByName(keyOf(talk));
  await runInDurableObject(stub, async (_instance, { storage: { sql } }) => {
    const notices = new Notices(sql, keyring, keyOf(talk));
    const digests = new Digests(sql, keyring, keyOf(talk));
    const notice = await notices.seal("notice", NOTICE, person.personId);
    const digest = await digests.seal(turnId, PLAN, ["the text"], person.personId);
    notices.add("notice", notice, Date.now());
    notices.retryAt("notice", Date.now() + 3_600_000);
    digests.begin(turnId, digest, Date.now());
  });
  return () =>
    runInDurableObject(stub, async (_instance, { storage: { sql } }) => {
      const notices = new Notices(sql, keyring, keyOf(talk));
      const digests = new Digests(sql, keyring, keyOf(talk));
      const notice = notices.next();
      const plan = await digests.open(turnId);
      return [notice && (await notices.open(notice)), plan, await digests.text(turnId, 0)];
    });
}

async function converse(talk: Talk, text: string): Promise<void> {
  const asked = await talk.say(text);
  await model.answer("noted");
  await talk.replyTo(asked);
}

describe("rows of before", () => {
  it("are sealed anew by the vault's alarm, for their person, and their log rows with them", async ({
    expect,
  }) => {
    const talk = new Talk();
    await converse(talk, "my rhubarb");
    await talk.ask("/pin sour fruit");
    await talk.calls.storeFile({
      personId: person.personId,
      kind: "file",
      name: "a.txt",
      mime: "text/plain",
      bytes: bytesOf("stalks"),
    });
    const readWaiting = await leaveWaiting(talk);
    await logged(talk, 4);
    await ageRows(talk);
    const aged = await bodies(talk);
    for (const place of ["messages", "outbox", "notices", "pins", "files", "digest_parts"])
      expect(aged.get(`${place}.body`)?.length, place).toBeGreaterThan(0);
    expect((await allBodies(talk)).every((body) => body[0] === 1)).toBe(true);
    expect(await runDurableObjectAlarm(openVault(env))).toBe(true);
    await until(async () => (await allBodies(talk)).every((body) => body[0] === 2));
    expect((await allBodies(talk)).every((body) => parseEnvelope(body).personKey === 1)).toBe(true);
    await until(async () => (await loggedBodies(talk)).every((body) => body[0] === 2));
    expect(await talk.texts()).toContain("my rhubarb");
    expect(await readWaiting()).toEqual([NOTICE, PLAN, "the text"]);
  });

  it("are sealed anew where the conversation goes on elsewhere, too", async ({ expect }) => {
    const talk = new Talk();
    await converse(talk, "gooseberries");
    await logged(talk, 2);
    await ageRows(talk);
    const to = JSON.stringify(keyOf(new Talk()));
    await talk.sql(`INSERT INTO meta (name, value) VALUES ('movedTo', '${to}')`);
    await talk.kill();
    await env.SESSION.getByName(keyOf(talk)).reseal();
    await until(async () => (await allBodies(talk)).every((body) => body[0] === 2));
    await until(async () => (await loggedBodies(talk)).every((body) => body[0] === 2));
    expect(await loggedBodies(talk)).toHaveLength(2);
  });

  it("are sealed anew although those of ten others before them cannot be", async ({ expect }) => {
    const talk = new Talk(`zz-${crypto.randomUUID()}`);
    await converse(talk, "damsons");
    await logged(talk, 2);
    await ageRows(talk);
    const gone = env.DB.prepare(
      "INSERT INTO messages (id, session_id, seq, role, person_id, channel, body, at_ms) VALUES (?1, ?2, 1, 'user', 'p1', 'web', 'AQAAAAEAAAAA', 0)",
    );
    const names = Array.from({ length: 20 }, (_none, index) => `web:main:a-${index}`);
    await env.DB.batch(names.map((name) => gone.bind(name, name)));
    const passes = [];
    for (let alarm = 0; alarm < 3; alarm += 1) {
      expect(await runDurableObjectAlarm(openVault(env))).toBe(true);
      passes.push(await nextSweepMs());
      // A new key in the midst of it puts nothing off.
      if (alarm === 0) await rotateDataKey(env);
      if (alarm === 0) passes.push(await nextSweepMs());
    }
    await until(async () => (await allBodies(talk)).every((body) => body[0] === 2));
    // Three pages, and then a day's rest, whatever is left.
    expect(passes[0]).toBeLessThan(HOUR_MS);
    expect(passes[1]).toBeLessThan(HOUR_MS);
    expect(passes[2]).toBeLessThan(HOUR_MS);
    expect(passes[3]).toBeGreaterThan(HOUR_MS);
    await env.DB.prepare("DELETE FROM messages WHERE id LIKE 'web:main:a-%'").run();
  });
});

describe("keys that have become old", () => {
  it("seal nothing more of a conversation once it was awake and idle", async ({ expect }) => {
    const talk = new Talk();
    await converse(talk, "quinces");
    await talk.ask("/pin sour fruit");
    await logged(talk, 4);
    const newest = await ageKeys();
    await talk.ask("/pins");
    const isNew = (body: Uint8Array) => dataKeyOf(body) === newest;
    await until(async () => (await allBodies(talk)).every(isNew));
    await logged(talk, 6);
    await until(async () => (await loggedBodies(talk)).every(isNew));
    expect(await talk.texts()).toContain("quinces");
  });

  it("seal nothing more of the box's own after the vault's alarm, and are kept", async ({
    expect,
  }) => {
    await openDirectory(env).remember(person.personId, "key", "likes medlars");
    await openAudit(env).publicKey();
    await openCredentials(env).setPassword(person.personId, {
      name: "ada",
      password: "correct horse battery",
    });
    const before = await openVault(env).status();
    const newest = await ageKeys();
    expect(await runDurableObjectAlarm(openVault(env))).toBe(true);
    const objects = {
      directory: openDirectory(env),
      credentials: openCredentials(env),
      audit: openAudit(env),
    } as const;
    for (const name of ["directory", "credentials", "audit"] as const)
      await runInDurableObject(objects[name], (_instance, { storage }) => {
        const sealed = [...readColumns(storage.sql, BOX_COLUMNS[name]).values()].flat();
        expect(sealed.length, name).toBeGreaterThan(0);
        for (const body of sealed) expect(dataKeyOf(body), name).toBe(newest);
      });
    const facts = await openDirectory(env).facts(person.personId);
    expect(facts.map(({ text }) => text)).toContain("likes medlars");
    const { dataKeys, oldDataKeys } = await openVault(env).status();
    expect({ dataKeys, oldDataKeys }).toEqual({
      dataKeys: before.dataKeys + 1,
      oldDataKeys: before.dataKeys,
    });
  });

  it("open every row while others are sealed anew, wherever that is cut off", async ({
    expect,
  }) => {
    const stub = env.DIRECTORY.getByName(crypto.randomUUID());
    const facts = Array.from({ length: 40 }, (_none, index) => `fact ${index}`);
    for (const fact of facts) await stub.remember(person.personId, fact, fact);
    await ageKeys();
    const keyring = await openKeyring(env);
    for (const isWhole of [false, false, true]) {
      const resealed = await runInDurableObject(stub, (_instance, { storage }) =>
        resealAll(storage.sql, keyring, BOX_COLUMNS.directory, async () => false),
      );
      expect(resealed.isWhole).toBe(isWhole);
      expect((await stub.facts(person.personId)).map(({ text }) => text)).toEqual(facts);
    }
  });
});

describe("a column that holds sealed bytes", () => {
  /** Personal parts of entries go with them, after 180 days. */
  const NEVER_OLD = ["audit_log.body"];

  it("is sealed anew in every object, but where it is never old", async ({ expect }) => {
    const session = keyOf(new Talk());
    const objects = [
      { stub: env.SESSION.getByName(session), columns: sessionColumns(session) },
      { stub: openDirectory(env), columns: BOX_COLUMNS.directory },
      { stub: openCredentials(env), columns: BOX_COLUMNS.credentials },
      { stub: openAudit(env), columns: BOX_COLUMNS.audit },
    ];
    for (const { stub, columns } of objects) {
      const found = await runInDurableObject(stub, (_instance, { storage }) =>
        storage.sql
          .exec<{ name: string; sql: string }>(
            "SELECT name, sql FROM sqlite_master WHERE type = 'table'",
          )
          .toArray()
          .flatMap(({ name, sql }) =>
            [...sql.matchAll(/\b(body|definition) BLOB/g)].map(([, column]) => `${name}.${column}`),
          ),
      );
      const known = columns.map(({ table, column }) => `${table}.${column}`);
      expect(found.filter((one) => !NEVER_OLD.includes(one)).sort()).toEqual(known.sort());
    }
  });
});
