/** API keys in the directory: made once, kept as a hash, in force until they expire or are revoked. */
import { describe, it } from "vitest";
import type { CreateApiKey } from "../../src/core/admin-protocol.ts";
import { encodeSessionKey } from "../../src/core/ids.ts";
import { MAX_API_KEYS } from "../../src/do/directory/api-keys.ts";
import { parseApiKey } from "../../src/security/api-key.ts";
import {
  createAccount,
  createDirectory,
  type Directory,
  failureOf,
  letIn,
  sql,
} from "../support/directory.ts";

const ALL: CreateApiKey = { name: "all", scopes: ["chat", "models", "embeddings"] };

async function use(directory: Directory, key: string) {
  const parsed = await parseApiKey(key);
  return parsed && directory.useApiKey(parsed);
}

describe("an API key", () => {
  it("is the owner's who makes it, shown once and kept as a hash only", async ({ expect }) => {
    const directory = createDirectory();
    const { key, apiKey } = await directory.createApiKey(ALL);
    const owner = await directory.ensureOwner();
    expect(apiKey).toEqual({
      name: "all",
      start: `${key.slice(0, 12)}…`,
      person: "Owner",
      scopes: ["chat", "models", "embeddings"],
      createdAtMs: expect.any(Number),
    });
    expect(await directory.apiKeys()).toEqual([apiKey]);
    const stored = JSON.stringify(await sql(directory, "SELECT * FROM api_keys"));
    expect(stored).not.toContain(key.slice(12));
    expect(await use(directory, key)).toEqual({
      keyName: "all",
      speaker: { personId: owner.id, role: "owner", name: "Owner", lang: "en" },
      scopes: ["chat", "models", "embeddings"],
    });
  });

  it("notes the day of its last use, once a day", async ({ expect }) => {
    const directory = createDirectory();
    const { key } = await directory.createApiKey({ ...ALL, model: "tiny" });
    expect((await directory.apiKeys())[0]).not.toHaveProperty("lastUsedDay");
    expect(await use(directory, key)).toMatchObject({ model: "tiny" });
    const today = new Date().toISOString().slice(0, 10);
    expect((await directory.apiKeys())[0]).toMatchObject({ lastUsedDay: today, model: "tiny" });
    await sql(directory, "UPDATE api_keys SET last_used_day = '2020-01-01'");
    await use(directory, key);
    expect((await directory.apiKeys())[0]).toMatchObject({ lastUsedDay: today });
  });

  it("is not in force with another secret, after it expired, or once revoked", async ({
    expect,
  }) => {
    const directory = createDirectory();
    const expiresAtMs = Date.now() + 3_600_000;
    const { key } = await directory.createApiKey({ ...ALL, expiresAtMs });
    expect(await use(directory, key)).toMatchObject({ expiresAtMs });
    const parsed = await parseApiKey(key);
    expect(await directory.useApiKey({ id: parsed?.id ?? "", hash: "other" })).toBeUndefined();
    expect(await directory.useApiKey({ id: "00000000", hash: parsed?.hash ?? "" })).toBeUndefined();
    await sql(directory, `UPDATE api_keys SET expires_at_ms = ${Date.now()}`);
    expect(await use(directory, key)).toBeUndefined();
    await sql(directory, "UPDATE api_keys SET expires_at_ms = NULL");
    expect(await use(directory, key)).toMatchObject({ keyName: "all" });
    await directory.revokeApiKey("all");
    expect(await use(directory, key)).toBeUndefined();
    expect(await directory.apiKeys()).toEqual([]);
    expect(await failureOf(directory, (object) => object.revokeApiKey("all"))).toMatchObject({
      code: "apikey/unknown",
      message: "No such API key.",
    });
  });

  it("has a name of its own, and there is room for a stated number", async ({ expect }) => {
    const directory = createDirectory();
    for (let index = 0; index < MAX_API_KEYS; index += 1)
      await directory.createApiKey({ ...ALL, name: `k${index}` });
    const add = (name: string) =>
      failureOf(directory, (object) => object.createApiKey({ ...ALL, name }));
    expect(await add("k1")).toMatchObject({
      code: "apikey/exists",
      message: "An API key of this name exists already.",
    });
    expect(await add("more")).toMatchObject({
      code: "apikey/too_many",
      message: `At most ${MAX_API_KEYS} API keys fit.`,
    });
    await directory.revokeApiKey("k1");
    expect(await add("more")).toMatchObject({ apiKey: { name: "more" } });
  });

  it("follows its person who turns out to be another", async ({ expect }) => {
    const directory = createDirectory();
    await directory.addAccount(createAccount(), []);
    const [ada, phone] = [await letIn(directory, "ada"), await letIn(directory, "phone")];
    const { key } = await directory.createApiKey({ ...ALL, person: phone });
    const sessionOf = (conversation: string) =>
      encodeSessionKey({ channel: "telegram", account: "main", conversation });
    const code = await directory.createLinkCode(sessionOf("here"), ada);
    const speaker = { personId: phone, role: "member", name: "x", lang: "en" } as const;
    await directory.redeemLink({ code, session: sessionOf("there"), speaker });
    expect(await use(directory, key)).toMatchObject({ speaker: { personId: ada } });
    expect(await directory.person(phone)).toMatchObject({ id: ada });
  });

  it("can be somebody else's, by id or by a name that only one has", async ({ expect }) => {
    const directory = createDirectory();
    await directory.addAccount(createAccount(), []);
    const [ada, bob] = [await letIn(directory, "1"), await letIn(directory, "2")];
    const make = (name: string, person: string) =>
      failureOf(directory, (object) => object.createApiKey({ ...ALL, name, person }));
    expect(await make("by-id", ada)).toMatchObject({ apiKey: { person: "Name of 1" } });
    expect(await make("by-name", "Name of 2")).toMatchObject({ apiKey: { person: "Name of 2" } });
    const unknown = { code: "person/unknown", message: "Nobody has this name or id." };
    expect(await make("nobody", "Eve")).toMatchObject(unknown);
    await sql(directory, "UPDATE people SET name = 'Sam'");
    const ids = [ada, bob].sort().join(", ");
    expect(await make("several", "Sam")).toMatchObject({
      code: "person/unknown",
      message: `Several people are called so. Their ids: ${ids}.`,
    });
    const [key] = await directory.apiKeys();
    expect(key).toMatchObject({ name: "by-id", person: "Sam" });
    expect((await directory.apiKeys()).map(({ name }) => name)).toEqual(["by-id", "by-name"]);
  });
});
