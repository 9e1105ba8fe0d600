/** Sealing, by the crypto that production runs, its keys in D1. */
import fc from "fast-check";
import { describe, it } from "vitest";
import { createKeyStore } from "../../src/db/data-keys.ts";
import {
  Keyring,
  type KeyStore,
  openJson,
  openMasterKey,
  sealJson,
  type WrappedKey,
} from "../../src/security/keyring.ts";
import { env } from "../support/integration.ts";

const MASTER_HEX = "0f".repeat(32);
const place = "messages|web:main:a|1";
const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Keys in memory, and how often each was asked for. */
class MemoryStore implements KeyStore {
  readonly keys: WrappedKey[] = [];
  asked = 0;

  async newest() {
    this.asked += 1;
    return this.keys.at(-1);
  }

  async byId(id: number) {
    this.asked += 1;
    return this.keys.find((key) => key.id === id);
  }

  async insert(key: WrappedKey) {
    if (!this.keys.some((kept) => kept.id === key.id)) this.keys.push(key);
  }
}

async function createKeyring(store: KeyStore = new MemoryStore(), master = MASTER_HEX) {
  return new Keyring(await openMasterKey(master), store, () => 1);
}

describe("Keyring", () => {
  it("opens what it sealed, whatever it is", async ({ expect }) => {
    const keyring = await createKeyring();
    const value = fc.oneof(fc.json(), fc.string({ unit: "binary" }));
    await fc.assert(
      fc.asyncProperty(value, value, async (text, anyPlace) => {
        const sealed = await keyring.seal(anyPlace, bytesOf(text));
        expect(await keyring.open(anyPlace, sealed)).toEqual(bytesOf(text));
      }),
    );
    const large = new Uint8Array(1_048_576).fill(7);
    expect(await keyring.open(place, await keyring.seal(place, large))).toEqual(large);
    expect(
      await openJson(keyring, place, await sealJson(keyring, place, { a: ["界", null] })),
    ).toEqual({ a: ["界", null] });
  });

  it("writes version, key, a new nonce each time, and no plain text", async ({ expect }) => {
    const keyring = await createKeyring();
    const [one, two] = [
      await keyring.seal(place, bytesOf("rhubarb")),
      await keyring.seal(place, bytesOf("rhubarb")),
    ];
    expect([...one.subarray(0, 5)]).toEqual([1, 0, 0, 0, 1]);
    expect(one.length).toBe(1 + 4 + 12 + "rhubarb".length + 16);
    expect(one.toHex()).not.toContain(bytesOf("rhubarb").toHex());
    expect(one.subarray(5, 17)).not.toEqual(two.subarray(5, 17));
  });

  it("opens an envelope that stands inside of a larger buffer", async ({ expect }) => {
    const keyring = await createKeyring();
    const sealed = await keyring.seal(place, bytesOf("a"));
    const larger = new Uint8Array(sealed.length + 7);
    larger.set(sealed, 7);
    expect(await keyring.open(place, larger.subarray(7))).toEqual(bytesOf("a"));
  });

  it("does not open at another place", async ({ expect }) => {
    const keyring = await createKeyring();
    const sealed = await keyring.seal(place, bytesOf("a"));
    for (const other of ["", "messages|web:main:a|2", `${place} `, "outbox|web:main:a|1"])
      await expect(keyring.open(other, sealed)).rejects.toMatchObject({
        code: "crypto/cannot_open",
        message: "Something stored cannot be opened with this master key.",
      });
  });

  it("does not open with any byte changed, cut off or added", async ({ expect }) => {
    const keyring = await createKeyring();
    const sealed = await keyring.seal(place, bytesOf("rhubarb"));
    for (let index = 0; index < sealed.length; index += 1) {
      const changed = sealed.slice();
      changed[index] = (changed[index] ?? 0) ^ 1;
      await expect(keyring.open(place, changed), `byte ${index}`).rejects.toMatchObject({
        code: "crypto/cannot_open",
      });
      await expect(keyring.open(place, sealed.subarray(0, index))).rejects.toMatchObject({
        code: "crypto/cannot_open",
      });
    }
    const longer = new Uint8Array([...sealed, 0]);
    await expect(keyring.open(place, longer)).rejects.toMatchObject({ code: "crypto/cannot_open" });
  });

  it("says of bytes that are no envelope, and of a key that is gone, what they are", async ({
    expect,
  }) => {
    const keyring = await createKeyring();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 80 }), async (bytes) => {
        await expect(keyring.open(place, bytes)).rejects.toMatchObject({
          code: "crypto/cannot_open",
        });
      }),
    );
    await expect(keyring.open(place, new Uint8Array())).rejects.toMatchObject({
      message: "This is no sealed value.",
    });
    const sealed = await keyring.seal(place, bytesOf("a"));
    sealed[4] = 9;
    await expect(keyring.open(place, sealed)).rejects.toMatchObject({
      message: "The data key is unknown.",
    });
  });

  it("neither opens nor seals with another master key", async ({ expect }) => {
    const store = new MemoryStore();
    const sealed = await (await createKeyring(store)).seal(place, bytesOf("a"));
    const other = await createKeyring(store, "f0".repeat(32));
    const refused = { code: "crypto/cannot_open" };
    await expect(other.open(place, sealed)).rejects.toMatchObject(refused);
    await expect(other.seal(place, bytesOf("b"))).rejects.toMatchObject(refused);
    expect(store.keys).toHaveLength(1);
  });

  it("takes the master key as a handle or as text, with the same result", async ({ expect }) => {
    const raw = Uint8Array.fromHex(MASTER_HEX);
    const handle = await crypto.subtle.importKey("raw", raw, "AES-KW", false, [
      "wrapKey",
      "unwrapKey",
    ]);
    expect(await openMasterKey(handle)).toBe(handle);
    const store = new MemoryStore();
    const sealed = await (await createKeyring(store)).seal(place, bytesOf("a"));
    const keyring = new Keyring(handle, store, () => 1);
    expect(await keyring.open(place, sealed)).toEqual(bytesOf("a"));
    expect((await openMasterKey(MASTER_HEX)).extractable).toBe(false);
  });

  it("opens old envelopes after a newer data key was made, and seals with that", async ({
    expect,
  }) => {
    const store = new MemoryStore();
    const old = await (await createKeyring(store)).seal(place, bytesOf("old"));
    const newer = new MemoryStore();
    await (await createKeyring(newer)).seal(place, bytesOf("made"));
    store.keys.push({ id: 2, wrapped: newer.keys[0]?.wrapped ?? new Uint8Array(), createdAtMs: 2 });
    const keyring = await createKeyring(store);
    const sealed = await keyring.seal(place, bytesOf("new"));
    expect(sealed[4]).toBe(2);
    expect(await keyring.open(place, old)).toEqual(bytesOf("old"));
  });

  it("asks the store once for a key", async ({ expect }) => {
    const store = new MemoryStore();
    const sealed = await (await createKeyring(store)).seal(place, bytesOf("a"));
    store.asked = 0;
    const keyring = await createKeyring(store);
    for (let index = 0; index < 10; index += 1) await keyring.open(place, sealed);
    expect(store.asked).toBe(1);
  });
});

describe("the keys in D1", () => {
  it("are one key, also when ten openers find none at the same time", async ({ expect }) => {
    await env.DB.exec("DELETE FROM data_keys");
    const keyrings = await Promise.all(
      Array.from({ length: 10 }, () => createKeyring(createKeyStore(env.DB))),
    );
    const sealed = await Promise.all(keyrings.map((keyring) => keyring.seal(place, bytesOf("a"))));
    const { results } = await env.DB.prepare("SELECT * FROM data_keys").all();
    expect(results).toMatchObject([{ id: 1, created_at_ms: 1 }]);
    for (const envelope of sealed)
      for (const keyring of keyrings)
        expect(await keyring.open(place, envelope)).toEqual(bytesOf("a"));
    await env.DB.exec("DELETE FROM data_keys");
  });
});
