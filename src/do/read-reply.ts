/** The answer to one event, for callers who wait for it (`?wait=1`): the same however often they ask. */

import type { TurnId } from "../core/ids.ts";
import type { ReplyState } from "../core/session-protocol.ts";
import type { SessionParts } from "./session-parts.ts";

/** Returns at the end of the turn, or when the time is over. */
async function waitForEnd(parts: SessionParts, turnId: TurnId, timeoutMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const waiters = parts.waiters.get(turnId) ?? new Set();
  parts.waiters.set(turnId, waiters.add(resolve));
  const timer = setTimeout(resolve, timeoutMs);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    waiters.delete(resolve);
    if (waiters.size === 0) parts.waiters.delete(turnId);
  }
}

export async function readReply(
  parts: SessionParts,
  key: string,
  timeoutMs: number,
): Promise<ReplyState> {
  const turn = parts.inbox.turnOf(key);
  if (!turn) return { status: "unknown" };
  if (turn.isOpen && timeoutMs > 0) await waitForEnd(parts, turn.turnId, timeoutMs);
  if (parts.inbox.turnOf(key)?.isOpen) return { status: "pending" };
  const rows = parts.outbox.ofTurn(turn.turnId).filter((row) => !row.key.endsWith(":waiting"));
  const bodies = await Promise.all(rows.map((row) => parts.outbox.open(row)));
  return { status: "answered", text: bodies.map((body) => body.markdown).join("\n\n") };
}
