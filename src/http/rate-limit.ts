/**
 * Calls that come too fast: 429 with the time to wait. A refused call costs its caller a token of his address, and one
 * who has none left is told so in place of the reason; genuine calls from the same address are not held back by it.
 */
import type { Context } from "hono";
import { AppError, type ErrorCode, errorCode } from "../core/errors.ts";
import { addressKey, type RateKind, takeRate } from "../limits/rates.ts";
import { clientAddress } from "../security/client-address.ts";
import type { HttpEnv } from "./middleware.ts";

/** What a caller gets who tries signatures, keys, tokens and names. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "webhook/bad_signature",
  "webhook/stale",
  "webhook/unknown_account",
  "apikey/invalid",
  "owner/bad_token",
  "sign_in/passkey_refused",
  "export/bad_link",
]);

function rateError(waitMs: number): AppError {
  return new AppError("rate/limited", { retryAfterMs: waitMs });
}

/** Throws rate/limited. */
export function verifyRate(kind: RateKind, key: string): void {
  const waitMs = takeRate(kind, key, Date.now());
  if (waitMs > 0) throw rateError(waitMs);
}

/** 0 where the caller may be told why the call failed; else, after too many refusals, how long he has to wait. */
export function refusalWaitMs(error: unknown, c: Context<HttpEnv>): number {
  if (!REFUSALS.has(errorCode(error))) return 0;
  const address = clientAddress(c.req.raw, c.env.ROCKPOOL_TRUSTED_PROXIES);
  return address === undefined ? 0 : takeRate("address", addressKey(address), Date.now());
}

/** The error that a caller is answered with: the one that happened, or rate/limited where there were too many. */
export function limitRefusals(error: unknown, c: Context<HttpEnv>): unknown {
  const waitMs = refusalWaitMs(error, c);
  return waitMs === 0 ? error : rateError(waitMs);
}
