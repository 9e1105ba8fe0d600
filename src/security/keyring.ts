/**
 * Sealing of what is kept: AES-256-GCM under data keys that the master key wraps. The master key is a handle that can
 * wrap and unwrap and cannot be read. An envelope names its data key, so that old rows stay readable after a rotation:
 *
 *   version (1 byte, = 1) · data key id (4 bytes, big-endian) · nonce (12 bytes, random) · ciphertext and tag
 *
 * The associated data binds a row to its place; a row copied elsewhere does not open.
 */
import { AppError } from "../core/errors.ts";

const VERSION = 1;
const NONCE_BYTES = 12;
const HEADER_BYTES = 1 + 4 + NONCE_BYTES;
const TAG_BYTES = 16;

export interface WrappedKey {
  id: number;
  wrapped: Uint8Array;
  createdAtMs: number;
}

/** Where wrapped data keys are kept. */
export interface KeyStore {
  newest(): Promise<WrappedKey | undefined>;
  byId(id: number): Promise<WrappedKey | undefined>;
  /** Keeps the key unless its id is taken already. */
  insert(key: WrappedKey): Promise<void>;
}

const GCM = "AES-GCM";
const encoder = new TextEncoder();

/** The master key as the host hands it over; hexadecimal text stands in for it in development and tests. */
export async function openMasterKey(binding: CryptoKey | string): Promise<CryptoKey> {
  if (typeof binding !== "string") return binding;
  const raw = Uint8Array.fromHex(binding);
  return crypto.subtle.importKey("raw", raw, "AES-KW", false, ["wrapKey", "unwrapKey"]);
}

async function createDataKey(master: CryptoKey, id: number, nowMs: number): Promise<WrappedKey> {
  const algorithm = { name: GCM, length: 256 };
  const key = await crypto.subtle.generateKey(algorithm, true, ["encrypt", "decrypt"]);
  const wrapped = await crypto.subtle.wrapKey("raw", key as CryptoKey, master, "AES-KW"); // AES makes one key, no pair
  return { id, wrapped: new Uint8Array(wrapped as ArrayBuffer), createdAtMs: nowMs }; // "raw" wraps to bytes
}

/**
 * Keeps values, never promises, between calls: a promise made in one request must not be awaited in another.
 */
export class Keyring {
  readonly #master: CryptoKey;
  readonly #store: KeyStore;
  readonly #nowMs: () => number;
  readonly #keys = new Map<number, CryptoKey>();
  #currentId: number | undefined;

  constructor(master: CryptoKey, store: KeyStore, nowMs: () => number) {
    this.#master = master;
    this.#store = store;
    this.#nowMs = nowMs;
  }

  async seal(place: string, plain: Uint8Array): Promise<Uint8Array> {
    const { id, key } = await this.#current();
    const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const additionalData = encoder.encode(place);
    const sealed = await crypto.subtle.encrypt({ name: GCM, iv, additionalData }, key, plain);
    const envelope = new Uint8Array(HEADER_BYTES + sealed.byteLength);
    envelope[0] = VERSION;
    new DataView(envelope.buffer).setUint32(1, id);
    envelope.set(iv, 5);
    envelope.set(new Uint8Array(sealed), HEADER_BYTES);
    return envelope;
  }

  /** Throws crypto/cannot_open for a wrong key, a changed byte or another place. */
  async open(place: string, envelope: Uint8Array): Promise<Uint8Array> {
    if (envelope.length < HEADER_BYTES + TAG_BYTES || envelope[0] !== VERSION)
      throw new AppError("crypto/cannot_open", { detail: "This is no sealed value." });
    const view = new DataView(envelope.buffer, envelope.byteOffset, envelope.byteLength);
    const key = await this.#byId(view.getUint32(1));
    const iv = envelope.subarray(5, HEADER_BYTES);
    const additionalData = encoder.encode(place);
    try {
      const body = envelope.subarray(HEADER_BYTES);
      const plain = await crypto.subtle.decrypt({ name: GCM, iv, additionalData }, key, body);
      return new Uint8Array(plain);
    } catch (cause) {
      throw new AppError("crypto/cannot_open", { cause });
    }
  }

  async #current(): Promise<{ id: number; key: CryptoKey }> {
    const cached = this.#currentId === undefined ? undefined : this.#keys.get(this.#currentId);
    if (this.#currentId !== undefined && cached) return { id: this.#currentId, key: cached };
    let stored = await this.#store.newest();
    if (!stored) {
      await this.#store.insert(await createDataKey(this.#master, 1, this.#nowMs()));
      stored = await this.#store.newest();
    }
    if (!stored) throw new AppError("crypto/cannot_open", { detail: "No data key could be kept." });
    const key = await this.#unwrap(stored);
    this.#currentId = stored.id;
    return { id: stored.id, key };
  }

  async #byId(id: number): Promise<CryptoKey> {
    const cached = this.#keys.get(id);
    if (cached) return cached;
    const stored = await this.#store.byId(id);
    if (!stored) throw new AppError("crypto/cannot_open", { detail: "The data key is unknown." });
    return this.#unwrap(stored);
  }

  async #unwrap(stored: WrappedKey): Promise<CryptoKey> {
    try {
      const usages = ["encrypt", "decrypt"];
      const key = await crypto.subtle.unwrapKey(
        "raw",
        stored.wrapped,
        this.#master,
        "AES-KW",
        GCM,
        false,
        usages,
      );
      this.#keys.set(stored.id, key);
      return key;
    } catch (cause) {
      throw new AppError("crypto/cannot_open", { cause });
    }
  }
}

/** JSON in a sealed envelope. */
export async function sealJson(
  keyring: Keyring,
  place: string,
  value: unknown,
): Promise<Uint8Array> {
  return keyring.seal(place, encoder.encode(JSON.stringify(value)));
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
