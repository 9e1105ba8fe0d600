/** Sealing, by the crypto that production runs, its keys in a vault of the test's own. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { describe, it, vi } from "vitest";
import type { PersonId } from "../../src/core/ids.ts";
import { openMasterKey } from "../../src/security/key-tree.ts";
import {
  DATA_KEY_MS,
  Keyring,
  type KeyStore,
  type Owner,
  openJson,
  sealJson,
} from "../../src/security/keyring.ts";
import { env } from "../support/integration.ts";

const MASTER_HEX = "00".repeat(32);
const place = "messages|web:main:a|1";
const ada = "ada" as PersonId;
const bob = "bob" as PersonId;
const bytesOf = (text: string) => new TextEncoder().encode(text);
const refused = { code: "crypto/cannot_open" };
const erased = { code: "crypto/erased", message: "This was erased, with the key that opened it." };

type Vault = ReturnType<typeof openVault>;

const openVault = () => env.VAULT.getByName(crypto.randomUUID());

/** How often the vault was asked, and whether it answers. */
interface Watched extends KeyStore {
  asked: number;
  isAway: boolean;
}

function watch(vault: Vault): Watched {
  const ask = async <Value>(call: () => Promise<Value>): Promise<Value> => {
    store.asked += 1;
    if (store.isAway) throw new Error("away");
    return call();
  };
  const store: Watched = {
    asked: 0,
    isAway: false,
    current: () => ask(async () => vault.current()),
    byId: (id) => ask(async () => vault.byId(id)),
    personKey: (id) => ask(async () => vault.personKey(id)),
    personKeyByNumber: (number) => ask(async () => vault.personKeyByNumber(number)),
    destroyPersonKey: (id) => ask(async () => vault.destroyPersonKey(id)),
  };
  return store;
}

async function createKeyring(
  vault: Vault | Watched = openVault(),
  { master = MASTER_HEX, nowMs = () => Date.now() } = {},
) {
  const store = "asked" in vault ? vault : watch(vault);
  return new Keyring([await openMasterKey(master)], store, nowMs);
}

describe("Keyring", () => {
  it("opens what it sealed, whatever and whoever's it is", async ({ expect }) => {
    const keyring = await createKeyring();
    const value = fc.oneof(fc.json(), fc.string({ unit: "binary" }));
    const owner = fc.constantFrom<Owner>("box", ada, bob);
    await fc.assert(
      fc.asyncProperty(value, value, owner, async (text, anyPlace, whose) => {
        const sealed = await keyring.seal(anyPlace, bytesOf(text), whose);
        expect(await keyring.open(anyPlace, sealed)).toEqual(bytesOf(text));
      }),
    );
    const large = new Uint8Array(1_048_576).fill(7);
    expect(await keyring.open(place, await keyring.seal(place, large, ada))).toEqual(large);
    expect(
      await openJson(keyring, place, await sealJson(keyring, place, { a: ["界", null] }, "box")),
    ).toEqual({ a: ["界", null] });
  });

  it("writes version, keys, a new nonce each time, and no plain text", async ({ expect }) => {
    const keyring = await createKeyring();
    const [one, two] = [
      await keyring.seal(place, bytesOf("rhubarb"), ada),
      await keyring.seal(place, bytesOf("rhubarb"), ada),
    ];
    expect([...one.subarray(0, 9)]).toEqual([2, 0, 0, 0, 1, 0, 0, 0, 1]);
    expect(one.length).toBe(1 + 4 + 4 + 12 + "rhubarb".length + 16);
    expect(one.toHex()).not.toContain(bytesOf("rhubarb").toHex());
    expect(one.subarray(9, 21)).not.toEqual(two.subarray(9, 21));
    const ofBox = await keyring.seal(place, bytesOf("rhubarb"), "box");
    expect([...ofBox.subarray(0, 9)]).toEqual([2, 0, 0, 0, 1, 0, 0, 0, 0]);
  });

  it("opens an envelope that stands inside of a larger buffer", async ({ expect }) => {
    const keyring = await createKeyring();
    const sealed = await keyring.seal(place, bytesOf("a"), ada);
    const larger = new Uint8Array(sealed.length + 7);
    larger.set(sealed, 7);
    expect(await keyring.open(place, larger.subarray(7))).toEqual(bytesOf("a"));
  });

  it("does not open at another place", async ({ expect }) => {
    const keyring = await createKeyring();
    const sealed = await keyring.seal(place, bytesOf("a"), ada);
    for (const other of ["", "messages|web:main:a|2", `${place} `, "outbox|web:main:a|1"])
      await expect(keyring.open(other, sealed)).rejects.toMatchObject({
        code: "crypto/cannot_open",
        message: "Something stored cannot be opened with this master key.",
      });
  });

  it("does not open with any byte changed, cut off or added", async ({ expect }) => {
    const keyring = await createKeyring();
    await keyring.seal(place, bytesOf("b"), bob);
    for (const owner of ["box", ada] as const) {
      const sealed = await keyring.seal(place, bytesOf("rhubarb"), owner);
      for (let index = 0; index < sealed.length; index += 1) {
        const changed = sealed.slice();
        changed[index] = (changed[index] ?? 0) ^ 1;
        await expect(keyring.open(place, changed), `byte ${index}`).rejects.toMatchObject(refused);
        await expect(keyring.open(place, sealed.subarray(0, index))).rejects.toMatchObject(refused);
      }
      const longer = new Uint8Array([...sealed, 0]);
      await expect(keyring.open(place, longer)).rejects.toMatchObject(refused);
    }
  });

  it("says of bytes that are no envelope, and of a key that is gone, what they are", async ({
    expect,
  }) => {
    const keyring = await createKeyring();
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 80 }),
        fc.constantFrom(0, 1, 2),
        async (bytes, version) => {
          if (bytes.length > 0) bytes[0] = version;
          await expect(keyring.open(place, bytes)).rejects.toMatchObject(refused);
        },
      ),
    );
    await expect(keyring.open(place, new Uint8Array())).rejects.toMatchObject({
      message: "This is no sealed value.",
    });
    const sealed = await keyring.seal(place, bytesOf("a"), ada);
    const [other, stranger] = [sealed.slice(), sealed.slice()];
    other[4] = 9;
    await expect(keyring.open(place, other)).rejects.toMatchObject({
      message: "The data key is unknown.",
    });
    stranger[8] = 9;
    await expect(keyring.open(place, stranger)).rejects.toMatchObject({
      message: "The person key is unknown.",
    });
  });

  it("neither opens nor seals with another master key", async ({ expect }) => {
    const vault = openVault();
    const sealed = await (await createKeyring(vault)).seal(place, bytesOf("a"), ada);
    const other = await createKeyring(vault, { master: "f0".repeat(32) });
    await expect(other.open(place, sealed)).rejects.toMatchObject(refused);
    await expect(other.seal(place, bytesOf("b"), ada)).rejects.toMatchObject(refused);
    await expect(other.seal(place, bytesOf("b"), "box")).rejects.toMatchObject(refused);
    expect(await vault.status()).toMatchObject({ dataKeys: 1, personKeys: 1 });
  });

  it("takes the master key as a handle or as text, neither to be read", async ({ expect }) => {
    const handle = await openMasterKey(MASTER_HEX);
    expect(handle.extractable).toBe(false);
    expect(await openMasterKey(handle)).toBe(handle);
  });

  it("asks the vault once for a key, and not at all once it is in memory", async ({ expect }) => {
    const store = watch(openVault());
    const keyring = await createKeyring(store);
    await keyring.seal(place, bytesOf("a"), ada);
    store.asked = 0;
    store.isAway = true;
    for (let index = 0; index < 10; index += 1)
      await keyring.open(place, await keyring.seal(place, bytesOf("a"), ada));
    expect(store.asked).toBe(0);
  });

  it("makes a new one where the clock was set back by days, and asks for none where by minutes", async ({
    expect,
  }) => {
    const store = watch(openVault());
    const keyring = await createKeyring(store);
    const keyIdNow = async () => (await keyring.seal(place, bytesOf("a"), ada))[4];
    const realMs = Date.now();
    try {
      vi.setSystemTime(realMs + 30 * DATA_KEY_MS);
      expect(await keyIdNow()).toBe(1);
      store.asked = 0;
      vi.setSystemTime(realMs + 30 * DATA_KEY_MS - 600_000);
      expect(await keyIdNow()).toBe(1);
      expect(store.asked).toBe(0);
      vi.setSystemTime(realMs);
      expect(await keyIdNow()).toBe(2);
    } finally {
      vi.useRealTimers();
    }
  });

  it("goes on with the old key where the vault is away when a new one is due", async ({
    expect,
  }) => {
    const store = watch(openVault());
    let nowMs = Date.now();
    const keyring = await createKeyring(store, { nowMs: () => nowMs });
    await keyring.seal(place, bytesOf("a"), ada);
    nowMs += DATA_KEY_MS;
    store.isAway = true;
    const sealed = await keyring.seal(place, bytesOf("b"), ada);
    expect(sealed[4]).toBe(1);
    expect(await keyring.open(place, sealed)).toEqual(bytesOf("b"));
  });
});

describe("a person's key", () => {
  it("destroyed, opens nothing more: neither here nor for a keyring that begins anew", async ({
    expect,
  }) => {
    const vault = openVault();
    const keyring = await createKeyring(vault);
    const [hers, his, ofBox] = [
      await keyring.seal(place, bytesOf("hers"), ada),
      await keyring.seal(place, bytesOf("his"), bob),
      await keyring.seal(place, bytesOf("box"), "box"),
    ];
    await keyring.destroyPersonKey(ada);
    for (const ring of [keyring, await createKeyring(vault)]) {
      await expect(ring.open(place, hers)).rejects.toMatchObject(erased);
      expect(await ring.open(place, his)).toEqual(bytesOf("his"));
      expect(await ring.open(place, ofBox)).toEqual(bytesOf("box"));
    }
    const again = await keyring.seal(place, bytesOf("again"), ada);
    expect(await keyring.open(place, again)).toEqual(bytesOf("again"));
    expect(again[8]).not.toBe(hers[8]);
  });

  it("leaves no wrapped byte in its row", async ({ expect }) => {
    const vault = openVault();
    await vault.personKey(ada);
    await vault.destroyPersonKey(ada);
    await runInDurableObject(vault, (_instance, { storage }) => {
      const [row] = storage.sql
        .exec<{ wrapped: ArrayBuffer }>("SELECT wrapped FROM person_keys")
        .toArray();
      expect(new Uint8Array(row?.wrapped ?? new ArrayBuffer(1))).toEqual(new Uint8Array(40));
    });
  });

  it("goes with the keys of everybody who was joined to the person", async ({ expect }) => {
    const vault = openVault();
    const keyring = await createKeyring(vault);
    const before = await keyring.seal(place, bytesOf("before"), ada);
    await vault.join(ada, bob);
    await vault.join(ada, bob);
    keyring.renew();
    const after = await keyring.seal(place, bytesOf("after"), ada);
    expect(await keyring.open(place, before)).toEqual(bytesOf("before"));
    await keyring.destroyPersonKey(bob);
    await expect(keyring.open(place, before)).rejects.toMatchObject(erased);
    await expect(keyring.open(place, after)).rejects.toMatchObject(erased);
  });

  it("is one, also when ten ask for it at the same time", async ({ expect }) => {
    const vault = openVault();
    const keys = await Promise.all(Array.from({ length: 10 }, () => vault.personKey(ada)));
    expect(new Set(keys.map(({ number }) => number))).toEqual(new Set([1]));
    expect(await vault.status()).toMatchObject({ dataKeys: 1, personKeys: 1 });
  });
});

/** Makes the vault's data keys look this much older. */
async function age(vault: Vault, ms: number): Promise<void> {
  await runInDurableObject(vault, (_instance, { storage }) => {
    storage.sql.exec("UPDATE data_keys SET created_at_ms = created_at_ms - ?", ms);
  });
}

describe("the vault", () => {
  it("makes a fresh data key every 24 hours by its alarm, and wraps person keys by it", async ({
    expect,
  }) => {
    const vault = openVault();
    const old = await (await createKeyring(vault)).seal(place, bytesOf("old"), ada);
    await age(vault, DATA_KEY_MS);
    expect(await runDurableObjectAlarm(vault)).toBe(true);
    expect(await vault.status()).toMatchObject({ dataKeys: 2 });
    expect(await vault.personKeyByNumber(1)).toMatchObject({ dataKey: 2 });
    const keyring = await createKeyring(vault);
    const sealed = await keyring.seal(place, bytesOf("new"), ada);
    expect(sealed[4]).toBe(2);
    expect(await keyring.open(place, old)).toEqual(bytesOf("old"));
    expect(await keyring.open(place, sealed)).toEqual(bytesOf("new"));
  });

  it("of a box that slept makes it at the first sealing after", async ({ expect }) => {
    const vault = openVault();
    await vault.current();
    await age(vault, 3 * DATA_KEY_MS);
    const sealed = await (await createKeyring(vault)).seal(place, bytesOf("a"), "box");
    expect(sealed[4]).toBe(2);
  });

  it("makes one key, also when ten keyrings find none at the same time", async ({ expect }) => {
    const vault = openVault();
    const keyrings = await Promise.all(Array.from({ length: 10 }, () => createKeyring(vault)));
    const sealed = await Promise.all(
      keyrings.map((keyring) => keyring.seal(place, bytesOf("a"), ada)),
    );
    expect(await vault.status()).toMatchObject({ dataKeys: 1, personKeys: 1 });
    for (const envelope of sealed)
      for (const keyring of keyrings)
        expect(await keyring.open(place, envelope)).toEqual(bytesOf("a"));
  });

  it("takes over the data keys that a box of before has in D1, and what they sealed opens", async ({
    expect,
  }) => {
    const raw = new Uint8Array(32).fill(5);
    const master = await openMasterKey(MASTER_HEX);
    const key = await crypto.subtle.importKey("raw", raw, "AES-GCM", true, ["encrypt"]);
    const wrapped = await crypto.subtle.wrapKey("raw", key, master, "AES-KW");
    const text = new Uint8Array(wrapped as ArrayBuffer).toBase64();
    await env.DB.prepare("INSERT INTO data_keys (id, wrapped, created_at_ms) VALUES (7, ?, ?)")
      .bind(text, Date.now())
      .run();
    const iv = new Uint8Array(12);
    const additionalData = bytesOf(place);
    const algorithm = { name: "AES-GCM", iv, additionalData };
    const body = await crypto.subtle.encrypt(algorithm, key, bytesOf("of before"));
    const old = new Uint8Array([1, 0, 0, 0, 7, ...iv, ...new Uint8Array(body)]);
    const keyring = await createKeyring();
    expect(await keyring.open(place, old)).toEqual(bytesOf("of before"));
    const again = await keyring.reseal(place, old, ada);
    expect([...again.subarray(0, 9)]).toEqual([2, 0, 0, 0, 7, 0, 0, 0, 1]);
    expect(await keyring.open(place, again)).toEqual(bytesOf("of before"));
    const sealed = await keyring.seal(place, bytesOf("a"), ada);
    expect([...sealed.subarray(0, 5)]).toEqual([2, 0, 0, 0, 7]);
    expect(await env.DB.prepare("SELECT * FROM data_keys").all()).toMatchObject({ results: [] });
  });
});
