/** What somebody signs in with is changed only soon after signing in: who finds a page open cannot. */
import type { Context } from "hono";
import { AppError } from "../core/errors.ts";
import type { HttpEnv } from "../http/middleware.ts";

export const FRESH_MS = 3_600_000;

export function isFresh(c: Context<HttpEnv>): boolean {
  return Math.abs(Date.now() - c.get("signedIn").device.signedInAtMs) <= FRESH_MS;
}

/** Throws sign_in/stale. */
export function verifyFresh(c: Context<HttpEnv>): void {
  if (!isFresh(c)) throw new AppError("sign_in/stale");
}
