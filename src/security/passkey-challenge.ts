/**
 * Challenges of passkeys, which vouch for themselves: nothing is kept of one until it is answered, so that asking for
 * many fills nothing. A challenge says when it is over and what it is for.
 */

import { vouch } from "./box-secret.ts";
import { isSameHash } from "./codes.ts";

/** Time for finding one's telephone. */
export const CHALLENGE_MS = 5 * 60_000;

/** base64url(`<end>.<random>.<signature>`) of `purpose`: what it is for, and whom. */
export async function createChallenge(
  secret: CryptoKey,
  purpose: string,
  nowMs: number,
): Promise<string> {
  const head = `${nowMs + CHALLENGE_MS}.${crypto.randomUUID()}`;
  return `${head}.${await sign(secret, purpose, head)}`;
}

/** When it is over; undefined for one that is over, of another purpose, or not ours. */
export async function verifyChallenge(
  secret: CryptoKey,
  purpose: string,
  challenge: string,
  nowMs: number,
): Promise<number | undefined> {
  const [, head, signature] = /^(\d{1,16}\.[0-9a-f-]{36})\.([0-9a-f]{64})$/.exec(challenge) ?? [];
  if (head === undefined || signature === undefined) return undefined;
  if (!isSameHash(await sign(secret, purpose, head), signature)) return undefined;
  const expiresAtMs = Number.parseInt(head, 10);
  const isNow = nowMs < expiresAtMs && nowMs >= expiresAtMs - CHALLENGE_MS - CHALLENGE_MS;
  return isNow ? expiresAtMs : undefined;
}

async function sign(secret: CryptoKey, purpose: string, head: string): Promise<string> {
  const bytes = await vouch(secret, `passkey:${purpose}:${head}`);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
