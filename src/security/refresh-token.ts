/**
 * Refresh tokens: what renews a signed-in device. Opaque, kept as hashes, replaced at each use. Here is the one rule of
 * what a presented token means; {@link decideRenewal} is pure.
 */
import { hashToken, isSameHash, randomToken } from "./codes.ts";

/** A device that is not seen for this long signs in again. */
export const DEVICE_IDLE_MS = 30 * 24 * 3_600_000;
/**
 * For this long after its use the token before is taken once more: the answer was lost on the way, or two tabs renewed
 * at the same time. Later it can only be a copy.
 */
export const RENEWAL_GRACE_MS = 30_000;
/** Tokens that are good at the same time: one, and one more for each repeat within the grace. */
export const MAX_LIVE_TOKENS = 8;

const FORM = /^([0-9a-f-]{36})\.([\w-]{43})$/;

export interface ParsedRefreshToken {
  deviceId: string;
  hash: string;
}

export function createRefreshToken(deviceId: string): string {
  return `${deviceId}.${randomToken()}`;
}

/** Undefined for text that was never a refresh token. */
export async function parseRefreshToken(token: string): Promise<ParsedRefreshToken | undefined> {
  const deviceId = FORM.exec(token)?.[1];
  return deviceId === undefined ? undefined : { deviceId, hash: await hashToken(token) };
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
  presented: { tokenHash: string; deviceHash: string | undefined },
  nowMs: number,
): Renewal {
  const { deviceHash } = presented;
  const isDevice = deviceHash !== undefined && isSameHash(state.deviceHash, deviceHash);
  const isLive = holds(state.live, presented.tokenHash);
  const isPrevious = holds(state.previous, presented.tokenHash);
  if (!isDevice) return isLive || isPrevious ? "stolen" : "unknown";
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
