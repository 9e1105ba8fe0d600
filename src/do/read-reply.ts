/** The answer to one event, for callers who wait for it (`?wait=1`): the same however often they ask. */
import type { ReplyState } from "../core/session-protocol.ts";
import type { SessionParts } from "./session-parts.ts";
import { waitingMessageId } from "./turn-names.ts";

export async function readReply(
  parts: SessionParts,
  key: string,
  timeoutMs: number,
): Promise<ReplyState> {
  const turn = parts.inbox.turnOf(key);
  if (!turn) return { status: "unknown" };
  const { turnId } = turn;
  if (turn.isOpen && timeoutMs > 0) await parts.readers.waitForEnd(turnId, timeoutMs);
  if (parts.inbox.turnOf(key)?.isOpen) return { status: "pending" };
  const rows = parts.outbox.ofTurn(turnId).filter((row) => row.key !== waitingMessageId(turnId));
  const bodies = await Promise.all(rows.map((row) => parts.outbox.open(row)));
  return { status: "answered", text: bodies.map((body) => body.markdown).join("\n\n") };
}
