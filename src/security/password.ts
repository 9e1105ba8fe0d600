/**
 * Passwords: what is kept of one, and whether another is the same. Five rounds of scrypt (N = 16384, r = 8, p = 1, 16 MB
 * each), every one over the result before: the work of scrypt with p = 5, in pieces, because the runtime has one thread
 * and everybody else waits while a piece is computed (about 30 ms).
 */
import { scrypt } from "node:crypto";
import { isSameHash } from "./codes.ts";
import { encodeBase64 } from "./signature.ts";

export const MIN_PASSWORD_UNITS = 12;
export const MAX_PASSWORD_UNITS = 256;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const COST = { N: 16_384, r: 8, p: 1, rounds: 5 } as const;

/** What is kept; sealed besides. The cost stands with it, so that it can be raised. */
export interface PasswordRecord {
  /** Base64, like the hash. */
  salt: string;
  hash: string;
  N: number;
  r: number;
  p: number;
  rounds: number;
}

/** Stands in where nobody has the name: the answer takes as long as for somebody. */
export const NOBODYS_RECORD: PasswordRecord = {
  salt: encodeBase64(new Uint8Array(SALT_BYTES)),
  hash: "",
  ...COST,
};

export async function createPasswordRecord(password: string): Promise<PasswordRecord> {
  const salt = encodeBase64(crypto.getRandomValues(new Uint8Array(SALT_BYTES)));
  return { salt, hash: await hashPassword(password, { salt, ...COST }), ...COST };
}

export async function isPassword(record: PasswordRecord, password: string): Promise<boolean> {
  const hash = await hashPassword(password, record);
  return isSameHash(record.hash, hash);
}

async function hashPassword(
  password: string,
  { salt, N, r, p, rounds }: Omit<PasswordRecord, "hash">,
): Promise<string> {
  const encoder = new TextEncoder();
  // One text, however a keyboard composes its letters.
  let key: Uint8Array = encoder.encode(password.normalize("NFKC"));
  for (let round = 0; round < rounds; round += 1) {
    key = await runScrypt(key, encoder.encode(`${round}:${salt}`), { N, r, p });
    // Others get their turn in between.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return encodeBase64(key);
}

function runScrypt(
  password: Uint8Array,
  salt: Uint8Array,
  cost: { N: number; r: number; p: number },
): Promise<Uint8Array> {
  const maxmem = 256 * cost.N * cost.r;
  return new Promise((resolve, reject) => {
    scrypt(password, salt, HASH_BYTES, { ...cost, maxmem }, (error, key) => {
      if (error) reject(error);
      else resolve(new Uint8Array(key));
    });
  });
}

/** A name to sign in with, as it is kept and compared; undefined for text that is none. */
export function parseSignInName(text: string): string | undefined {
  const name = text.normalize("NFKC").trim().toLowerCase();
  return /^[\p{L}\p{N}][\p{L}\p{N} ._@+-]{0,63}$/u.test(name) ? name : undefined;
}

/** What is wrong with a new password; undefined for one that will do. Length is what keeps guessers out. */
export function findPasswordFault(password: string, name: string): string | undefined {
  if (password.length < MIN_PASSWORD_UNITS)
    return `It has at least ${MIN_PASSWORD_UNITS} characters: several words are easy to remember.`;
  if (password.length > MAX_PASSWORD_UNITS)
    return `It has at most ${MAX_PASSWORD_UNITS} characters.`;
  const plain = password.normalize("NFKC").toLowerCase();
  if (plain.includes(name) && plain.length - name.length < MIN_PASSWORD_UNITS / 2)
    return "It is more than the name.";
  return new Set(plain).size < 5 ? "It has more than a few different characters." : undefined;
}
