/**
 * HMAC-SHA-256 over bytes, compared by the crypto engine in constant time, and the text forms that signatures and
 * secrets travel in. Every channel that signs its calls goes through here.
 */

/** Imported keys that are kept; an account has one secret, so this is the number of busy accounts. */
export const MAX_CACHED_KEYS = 64;

const ALGORITHM = { name: "HMAC", hash: "SHA-256" };
const SHA256_BYTES = 32;

/** Raw key in hexadecimal → imported key, the least recently used first. Holds keys, never promises. */
const importedKeys = new Map<string, CryptoKey>();

async function openKey(key: Uint8Array): Promise<CryptoKey> {
  const name = encodeHex(key);
  const cached = importedKeys.get(name);
  if (cached) importedKeys.delete(name);
  const opened =
    cached ??
    (await crypto.subtle.importKey("raw", key.slice(), ALGORITHM, false, ["sign", "verify"]));
  importedKeys.set(name, opened);
  for (const oldest of importedKeys.keys()) {
    if (importedKeys.size <= MAX_CACHED_KEYS) break;
    importedKeys.delete(oldest);
  }
  return opened;
}

// The copies by slice() below own plain ArrayBuffers, which is what Web Crypto's types ask for.
export async function signHmac(key: Uint8Array, message: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.sign(ALGORITHM, await openKey(key), message.slice()));
}

/** False for a signature of any other length, too. */
export async function verifyHmac(
  key: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (signature.length !== SHA256_BYTES) return false;
  return crypto.subtle.verify(ALGORITHM, await openKey(key), signature.slice(), message.slice());
}

export function encodeHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Undefined for text that is no hexadecimal. */
export function decodeHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined;
  return Uint8Array.from({ length: text.length / 2 }, (_, index) =>
    Number.parseInt(text.slice(index * 2, index * 2 + 2), 16),
  );
}

export function encodeBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Undefined for text that is no padded standard Base64. */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
