/**
 * Sends of an account whose platform cannot tell a repeat go out one after the other: a crash then finds one send at
 * most whose result is not stored, and so doubles one message at most. A send that its platform does not answer holds
 * the next one up for three seconds and no longer.
 */
import type { AccountKey } from "../../core/ids.ts";

/** Longest wait for the send before, from when that one began. */
export const HOLD_MS = 3_000;

/** A send of an account: when it was let through, and when its result was stored. */
interface OpenSend {
  begun: Promise<void>;
  ended: Promise<void>;
}

/** For each account with open sends the one that came last. */
const last = new Map<AccountKey, OpenSend>();

async function waitFor({ begun, ended }: OpenSend): Promise<void> {
  await begun;
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, HOLD_MS);
  await Promise.race([ended, late]);
  clearTimeout(timer);
}

/** Waits for its turn, sends, waits until the result is stored, and lets the next one through. */
export async function sendInTurn(
  account: AccountKey,
  send: () => Promise<void>,
  stored: () => Promise<void>,
): Promise<void> {
  const before = last.get(account);
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const own = { begun, ended };
  last.set(account, own);
  try {
    if (before !== undefined) await waitFor(before);
    begin();
    await send();
    await stored();
  } finally {
    begin();
    end();
    if (last.get(account) === own) last.delete(account);
  }
}
