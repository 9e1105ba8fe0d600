/** Random codes for people and tokens for machines. */

/** No letter that is taken for another: 32 of them, so that each carries five bits. */
const ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

const CODE_LETTERS = 8;

/** Of a code that people type. */
export const CODE_BITS = 5 * CODE_LETTERS;

/** A code that a person reads and types: eight characters, forty bits. */
export function randomCode(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(CODE_LETTERS));
  return Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length]).join("");
}

/** 256 random bits in base64url, for addresses and headers. */
export function randomToken(): string {
  return base64Url(crypto.getRandomValues(new Uint8Array(32)));
}

/** What is kept of a token: it cannot be turned back. */
export async function hashToken(token: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  return base64Url(new Uint8Array(digest));
}

/** Takes the same time wherever the two differ. */
export function isSameHash(one: string, other: string): boolean {
  let difference = one.length ^ other.length;
  for (let index = 0; index < other.length; index += 1)
    difference |= one.charCodeAt(index) ^ other.charCodeAt(index);
  return difference === 0;
}

function base64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}
