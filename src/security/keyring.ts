/**
 * Sealing of what is kept: AES-256-GCM under content keys, see key-tree.ts, in envelopes that name them,
 * see envelope.ts. The associated data binds a row to its place; a row copied elsewhere does not open. Opened keys are
 * kept in the isolate, so that sealing asks the key store once a day and once for each person.
 */
import { AppError, errorCode } from "../core/errors.ts";
import type { PersonId } from "../core/ids.ts";
import { BOX_KEY, type KeyNames, NONCE_BYTES, parseEnvelope, writeEnvelope } from "./envelope.ts";
import { type DataKey, deriveContentKey, openDataKey, openPersonKey } from "./key-tree.ts";

/** A data key is sealed with for so long. */
export const DATA_KEY_MS = 24 * 3_600_000;
/** Opened keys in memory; the oldest go first. */
const MAX_DATA_KEYS = 1_000;
const MAX_PEOPLE = 10_000;
const MAX_CONTENT_KEYS = 10_000;
/** After a key store that did not answer, the old key goes on for so long. */
const RETRY_MS = 60_000;

/** Whose keys seal something: a person's, so that it goes with him, or the box's. */
export type Owner = PersonId | "box";

export interface WrappedKey {
  id: number;
  wrapped: Uint8Array;
  createdAtMs: number;
  /** Envelopes of data keys below this one are old. */
  staleBelow: number;
}

export interface WrappedPersonKey {
  number: number;
  /** The data key that wraps it. */
  dataKey: number;
  wrapped: Uint8Array;
}

/** Where wrapped keys are kept. */
export interface KeyStore {
  /** The data key to seal with now: a new one where the newest is {@link DATA_KEY_MS} old. */
  current(): Promise<WrappedKey>;
  byId(id: number): Promise<WrappedKey | undefined>;
  /** Made where the person has none. */
  personKey(personId: PersonId): Promise<WrappedPersonKey>;
  personKeyByNumber(number: number): Promise<WrappedPersonKey | "destroyed" | undefined>;
  /** Durable when it returns; the numbers of the keys that are gone. */
  destroyPersonKey(personId: PersonId): Promise<number[]>;
}

const encoder = new TextEncoder();

interface Sealer {
  dataKey: number;
  personKey: number;
  key: CryptoKey;
}

/**
 * Keeps values, never promises, between calls: a promise made in one request must not be awaited in another.
 */
export class Keyring {
  /** Shared with whoever changes the master key: read at each use. */
  readonly #masters: readonly CryptoKey[];
  readonly #store: KeyStore;
  readonly #nowMs: () => number;
  readonly #dataKeys = new Map<number, DataKey>();
  readonly #numbers = new Map<PersonId, number>();
  readonly #people = new Map<number, CryptoKey>();
  readonly #content = new Map<string, CryptoKey>();
  readonly #destroyed = new Set<number>();
  #current: { key: DataKey; untilMs: number; staleBelow: number } | undefined;

  constructor(masters: readonly CryptoKey[], store: KeyStore, nowMs: () => number) {
    this.#masters = masters;
    this.#store = store;
    this.#nowMs = nowMs;
  }

  async seal(place: string, plain: Uint8Array, owner: Owner): Promise<Uint8Array> {
    const sealer = this.#findSealer(owner) ?? (await this.#openSealer(owner));
    return encrypt(sealer, place, plain);
  }

  /** Throws crypto/cannot_open for a wrong key, a changed byte or another place, crypto/erased for a destroyed key. */
  async open(place: string, envelope: Uint8Array): Promise<Uint8Array> {
    const { nonce: iv, sealed, ...names } = parseEnvelope(envelope);
    const key = this.#content.get(slotOf(names)) ?? (await this.#openContent(names));
    const algorithm = { name: "AES-GCM", iv, additionalData: encoder.encode(place) };
    try {
      return new Uint8Array(await crypto.subtle.decrypt(algorithm, key, sealed));
    } catch (cause) {
      throw new AppError("crypto/cannot_open", { cause });
    }
  }

  /** What is sealed under data keys below this one is to be sealed anew. */
  async staleBelow(): Promise<number> {
    await this.#openCurrent();
    return this.#current?.staleBelow ?? 0;
  }

  /** As {@link staleBelow}, as far as it is known here without asking; 0 where it is not. */
  get knownStaleBelow(): number {
    return this.#current?.staleBelow ?? 0;
  }

  /** The same under the present data key. Whose it is stays; `owner` is for envelopes that do not say. Throws as open. */
  async reseal(place: string, envelope: Uint8Array, owner: Owner): Promise<Uint8Array> {
    const plain = await this.open(place, envelope);
    const { version, personKey } = parseEnvelope(envelope);
    if (version === 1) return this.seal(place, plain, owner);
    const { id: dataKey } = await this.#openCurrent();
    const names = { version, dataKey, personKey } as const;
    const key = this.#content.get(slotOf(names)) ?? (await this.#openContent(names));
    return encrypt({ dataKey, personKey, key }, place, plain);
  }

  /** Whatever is sealed for this person opens no more, here at once and everywhere without his key. */
  async destroyPersonKey(personId: PersonId): Promise<void> {
    for (const number of await this.#store.destroyPersonKey(personId)) {
      this.#destroyed.add(number);
      this.#people.delete(number);
      for (const slot of this.#content.keys())
        if (slot.endsWith(`.${number}`)) this.#content.delete(slot);
    }
    this.#numbers.delete(personId);
  }

  /** The next sealing asks for the current data key, and for everybody's person key. */
  renew(): void {
    this.#current = undefined;
    this.#numbers.clear();
  }

  #findSealer(owner: Owner): Sealer | undefined {
    const current = this.#current;
    if (!current || !this.#isTime(current)) return undefined;
    const dataKey = current.key.id;
    if (owner === "box") return { dataKey, personKey: BOX_KEY, key: current.key.box };
    const personKey = this.#numbers.get(owner);
    if (personKey === undefined) return undefined;
    const key = this.#content.get(slotOf({ version: 2, dataKey, personKey }));
    return key && { dataKey, personKey, key };
  }

  /** By a clock that was set back a key would be sealed with for as long as that: then the store makes a new one. */
  #isTime({ untilMs }: { untilMs: number }): boolean {
    const leftMs = untilMs - this.#nowMs();
    return leftMs > 0 && leftMs < 2 * DATA_KEY_MS;
  }

  async #openSealer(owner: Owner): Promise<Sealer> {
    const current = await this.#openCurrent();
    const dataKey = current.id;
    if (owner === "box") return { dataKey, personKey: BOX_KEY, key: current.box };
    let personKey = this.#numbers.get(owner);
    if (personKey === undefined) {
      const wrapped = await this.#store.personKey(owner);
      await this.#keepPerson(wrapped);
      personKey = wrapped.number;
      keep(this.#numbers, owner, personKey, MAX_PEOPLE);
    }
    return { dataKey, personKey, key: await this.#openContent({ version: 2, dataKey, personKey }) };
  }

  async #openCurrent(): Promise<DataKey> {
    const before = this.#current;
    if (before && this.#isTime(before)) return before.key;
    try {
      const stored = await this.#store.current();
      const key = this.#dataKeys.get(stored.id) ?? (await this.#keepDataKey(stored));
      const untilMs = Math.max(stored.createdAtMs + DATA_KEY_MS, this.#nowMs() + RETRY_MS);
      this.#current = { key, untilMs, staleBelow: stored.staleBelow };
      return key;
    } catch (error) {
      if (!before || errorCode(error).startsWith("crypto/")) throw error;
      before.untilMs = this.#nowMs() + RETRY_MS;
      return before.key;
    }
  }

  async #openContent(names: KeyNames): Promise<CryptoKey> {
    const dataKey = await this.#openDataKey(names.dataKey);
    const key = await this.#deriveContent(names, dataKey);
    this.#verifyAlive(names.personKey);
    keep(this.#content, slotOf(names), key, MAX_CONTENT_KEYS);
    return key;
  }

  async #deriveContent({ version, personKey }: KeyNames, dataKey: DataKey): Promise<CryptoKey> {
    if (version === 1) return dataKey.plain;
    if (personKey === BOX_KEY) return dataKey.box;
    return deriveContentKey(await this.#openPerson(personKey), dataKey);
  }

  async #openPerson(number: number): Promise<CryptoKey> {
    const known = this.#people.get(number);
    if (known) return known;
    const wrapped = await this.#store.personKeyByNumber(number);
    if (wrapped === "destroyed") throw new AppError("crypto/erased");
    if (!wrapped)
      throw new AppError("crypto/cannot_open", { detail: "The person key is unknown." });
    return this.#keepPerson(wrapped);
  }

  async #keepPerson({ number, dataKey, wrapped }: WrappedPersonKey): Promise<CryptoKey> {
    const key = await openPersonKey(wrapped, await this.#openDataKey(dataKey));
    this.#verifyAlive(number);
    keep(this.#people, number, key, MAX_PEOPLE);
    return key;
  }

  /** A key that was on its way while it was destroyed is not kept. */
  #verifyAlive(number: number): void {
    if (this.#destroyed.has(number)) throw new AppError("crypto/erased");
  }

  async #openDataKey(id: number): Promise<DataKey> {
    const known = this.#dataKeys.get(id);
    if (known) return known;
    const stored = await this.#store.byId(id);
    if (!stored) throw new AppError("crypto/cannot_open", { detail: "The data key is unknown." });
    return this.#keepDataKey(stored);
  }

  async #keepDataKey({ id, wrapped }: WrappedKey): Promise<DataKey> {
    const key = await openDataKey(id, wrapped, this.#masters);
    keep(this.#dataKeys, id, key, MAX_DATA_KEYS);
    return key;
  }
}

async function encrypt(
  { dataKey, personKey, key }: Sealer,
  place: string,
  plain: Uint8Array,
): Promise<Uint8Array> {
  const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const algorithm = { name: "AES-GCM", iv, additionalData: encoder.encode(place) };
  return writeEnvelope(dataKey, personKey, iv, await crypto.subtle.encrypt(algorithm, key, plain));
}

function slotOf({ version, dataKey, personKey }: KeyNames): string {
  return `${version}.${dataKey}.${personKey}`;
}

function keep<Key, Value>(map: Map<Key, Value>, key: Key, value: Value, max: number): void {
  map.set(key, value);
  if (map.size <= max) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}

/** JSON in a sealed envelope. */
export async function sealJson(
  keyring: Keyring,
  place: string,
  value: unknown,
  owner: Owner,
): Promise<Uint8Array> {
  return keyring.seal(place, encoder.encode(JSON.stringify(value)), owner);
}

/** The value that {@link sealJson} sealed at the same place: the seal vouches for its type. */
export async function openJson<Value>(
  keyring: Keyring,
  place: string,
  envelope: Uint8Array,
): Promise<Value> {
  const text = new TextDecoder().decode(await keyring.open(place, envelope));
  return JSON.parse(text) as Value;
}

/** Undefined for what was erased with its key. */
export async function unlessErased<Value>(opening: Promise<Value>): Promise<Value | undefined> {
  try {
    return await opening;
  } catch (error) {
    if (errorCode(error) === "crypto/erased") return undefined;
    throw error;
  }
}
