/**
 * Sends of an account whose platform cannot tell a repeat go out one after the other: a crash then finds one send at
 * most whose result is not stored, and so doubles one message at most. A send that its platform does not answer holds
 * the others up for a second and no longer.
 */
import type { AccountKey } from "../core/ids.ts";

/** Longest wait for the sends before. */
export const HOLD_MS = 1_000;

/** For each account with open sends the end of the one that was let through last. */
const ends = new Map<AccountKey, Promise<void>>();

async function waitFor(end: Promise<void>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, HOLD_MS);
  await Promise.race([end, late]);
  clearTimeout(timer);
}

/** Waits for its turn, sends, waits until the result is stored, and lets the next one through. */
export async function sendInTurn(
  account: AccountKey,
  send: () => Promise<void>,
  stored: () => Promise<void>,
): Promise<void> {
  const before = ends.get(account);
  const { promise: end, resolve } = Promise.withResolvers<void>();
  ends.set(account, end);
  try {
    if (before !== undefined) await waitFor(before);
    await send();
    await stored();
  } finally {
    resolve();
    if (ends.get(account) === end) ends.delete(account);
  }
}
