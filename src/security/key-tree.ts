/**
 * The keys and what they are derived from. No key here can be read by code:
 *
 *   master key ─ wraps → data key of a day ─ wraps → person key
 *   content key of a person for a day = HKDF(person key, salted by the data key)
 *   content key of the box for a day  = HKDF(data key)
 *
 * A content key needs both halves: without the person key no data key opens what is a person's.
 */
import { AppError } from "../core/errors.ts";

const KEY_BYTES = 32;
const GCM = { name: "AES-GCM", length: 256 } as const;
const KW = { name: "AES-KW", length: 256 } as const;
const encoder = new TextEncoder();

/** A data key in use. */
export interface DataKey {
  id: number;
  /** Wraps person keys. */
  wrapping: CryptoKey;
  /** Opens and seals what is the box's own. */
  box: CryptoKey;
  /** The data key's half of the content keys of people. */
  salt: Uint8Array;
  /** Opens envelopes of version 1. */
  plain: CryptoKey;
}

/** The master key as the host hands it over; hexadecimal text stands in for it in development and tests. */
export async function openMasterKey(binding: CryptoKey | string): Promise<CryptoKey> {
  if (typeof binding !== "string") return binding;
  const raw = Uint8Array.fromHex(binding);
  return crypto.subtle.importKey("raw", raw, "AES-KW", false, ["wrapKey", "unwrapKey"]);
}

/** A new key, wrapped by another. */
export async function createWrappedKey(wrapping: CryptoKey): Promise<Uint8Array> {
  const raw = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", raw, algorithm, true, ["sign"]);
  raw.fill(0);
  return wrap(key, wrapping);
}

async function wrap(key: CryptoKey, wrapping: CryptoKey): Promise<Uint8Array> {
  // "raw" wraps to bytes
  return new Uint8Array(
    (await crypto.subtle.wrapKey("raw", key, wrapping, "AES-KW")) as ArrayBuffer,
  );
}

/** The same key under another wrapping key. Throws crypto/cannot_open. */
export async function rewrapKey(
  wrapped: Uint8Array,
  from: readonly CryptoKey[],
  to: CryptoKey,
): Promise<Uint8Array> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  return wrap(await unwrap(wrapped, from, algorithm, ["sign"], true), to);
}

/** Tries each wrapping key in turn: AES-KW knows its own. Throws crypto/cannot_open. */
async function unwrap(
  wrapped: Uint8Array,
  wrapping: readonly CryptoKey[],
  algorithm: string | SubtleCryptoImportKeyAlgorithm,
  usages: string[],
  extractable = false,
): Promise<CryptoKey> {
  let cause: unknown;
  for (const key of wrapping)
    try {
      return await crypto.subtle.unwrapKey(
        "raw",
        wrapped,
        key,
        "AES-KW",
        algorithm,
        extractable,
        usages,
      );
    } catch (error) {
      cause = error;
    }
  throw new AppError("crypto/cannot_open", { cause });
}

/** A master key that came wrapped by the present one; undefined where it is wrapped by another. */
export async function openNextMaster(
  wrapped: Uint8Array,
  masters: readonly CryptoKey[],
): Promise<CryptoKey | undefined> {
  try {
    return await unwrap(wrapped, masters, "AES-KW", ["wrapKey", "unwrapKey"]);
  } catch {
    return undefined; // AES-KW knows what it has wrapped
  }
}

/** Throws crypto/cannot_open. */
export async function openDataKey(
  id: number,
  wrapped: Uint8Array,
  masters: readonly CryptoKey[],
): Promise<DataKey> {
  const base = await unwrap(wrapped, masters, "HKDF", ["deriveKey", "deriveBits"]);
  const none = new Uint8Array();
  const [wrapping, box, salt, plain] = await Promise.all([
    crypto.subtle.deriveKey(hkdf(none, "person keys"), base, KW, false, ["wrapKey", "unwrapKey"]),
    crypto.subtle.deriveKey(hkdf(none, "box content"), base, GCM, false, ["encrypt", "decrypt"]),
    crypto.subtle.deriveBits(hkdf(none, "person content"), base, KEY_BYTES * 8),
    unwrap(wrapped, masters, GCM.name, ["decrypt"]),
  ]);
  return { id, wrapping, box, salt: new Uint8Array(salt), plain };
}

/** The half of a person's content keys that is his own. Throws crypto/cannot_open. */
export function openPersonKey(wrapped: Uint8Array, { wrapping }: DataKey): Promise<CryptoKey> {
  return unwrap(wrapped, [wrapping], "HKDF", ["deriveKey"]);
}

export function deriveContentKey(person: CryptoKey, { salt }: DataKey): Promise<CryptoKey> {
  return crypto.subtle.deriveKey(hkdf(salt, "content"), person, GCM, false, ["encrypt", "decrypt"]);
}

function hkdf(salt: Uint8Array, info: string) {
  return { name: "HKDF", hash: "SHA-256", salt, info: encoder.encode(`rockpool ${info}`) };
}
