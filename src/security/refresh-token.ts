/**
 * Refresh tokens: what renews a signed-in device. Opaque, kept as hashes, replaced at each use; each vouches for itself,
 * so that the box knows those of long ago too. The one rule of what a presented one means, {@link decideRenewal}, is pure.
 */
import { base64url } from "jose";
import { vouch } from "./box-secret.ts";
import { hashToken, isSameHash } from "./codes.ts";

/** A device that is not seen for this long signs in again. */
export const DEVICE_IDLE_MS = 30 * 24 * 3_600_000;
/**
 * For this long after its use the token before is taken once more: the answer was lost on the way, or two tabs renewed
 * at the same time. Later it can only be a copy.
 */
export const RENEWAL_GRACE_MS = 30_000;
/** Tokens that are good at the same time: one, and one more for each repeat within the grace. */
export const MAX_LIVE_TOKENS = 8;

/** 128 random bits, and as many of the box's word for them. */
const RANDOM_BYTES = 16;
const FORM = /^([0-9a-f-]{36})\.([\w-]{43})$/;

export interface ParsedRefreshToken {
  deviceId: string;
  hash: string;
  /** This box has made it, whenever that was. */
  isIssued: boolean;
}

export async function createRefreshToken(secret: CryptoKey, deviceId: string): Promise<string> {
  return renderToken(secret, deviceId, crypto.getRandomValues(new Uint8Array(RANDOM_BYTES)));
}

/** Undefined for text that was never a refresh token. */
export async function parseRefreshToken(
  secret: CryptoKey,
  token: string,
): Promise<ParsedRefreshToken | undefined> {
  const [, deviceId, rest] = FORM.exec(token) ?? [];
  if (deviceId === undefined || rest === undefined) return undefined;
  const random = base64url.decode(rest).slice(0, RANDOM_BYTES);
  const isIssued = isSameHash(await renderToken(secret, deviceId, random), token);
  return { deviceId, hash: await hashToken(token), isIssued };
}

async function renderToken(
  secret: CryptoKey,
  deviceId: string,
  random: Uint8Array,
): Promise<string> {
  const word = await vouch(secret, `refresh:${deviceId}:${base64url.encode(random)}`);
  const bytes = new Uint8Array([...random, ...word.subarray(0, RANDOM_BYTES)]);
  return `${deviceId}.${base64url.encode(bytes)}`;
}

/** What is kept of a device's tokens. */
export interface RenewalState {
  deviceHash: string;
  /** Hashes of the tokens that are good. */
  live: readonly string[];
  /** Of those that were good until `renewedAtMs`. */
  previous: readonly string[];
  renewedAtMs: number;
  expiresAtMs: number;
}

/**
 * `renew`: all tokens are replaced by a new one. `repeat`: a new one is added. `stolen`: a copy is in use, and nobody
 * can tell whose, so that the device's session ends. `unknown`: nobody's token, which ends nothing.
 */
export type Renewal = "renew" | "repeat" | "stolen" | "unknown" | "expired";

export function decideRenewal(
  state: RenewalState,
  presented: { tokenHash: string; deviceHash: string | undefined; isIssued: boolean },
  nowMs: number,
): Renewal {
  const { deviceHash } = presented;
  const isDevice = deviceHash !== undefined && isSameHash(state.deviceHash, deviceHash);
  const isLive = holds(state.live, presented.tokenHash);
  const isPrevious = holds(state.previous, presented.tokenHash);
  if (!isDevice) return isLive || isPrevious || presented.isIssued ? "stolen" : "unknown";
  if (isLive) return nowMs < state.expiresAtMs ? "renew" : "expired";
  // Both ways: a clock that is set back by a moment is no theft, and one set back by a day no longer grace.
  const isGrace = Math.abs(nowMs - state.renewedAtMs) <= RENEWAL_GRACE_MS;
  const isRepeat = isPrevious && isGrace && state.live.length < MAX_LIVE_TOKENS;
  return isRepeat ? "repeat" : "stolen";
}

/** Looks at all of them, so that the time says nothing of where one stands. */
function holds(hashes: readonly string[], hash: string): boolean {
  return hashes.filter((known) => isSameHash(known, hash)).length > 0;
}
