/** The turn of one event, for callers who wait for its answer (`?wait=1`): the same however often they ask. */
import type { TurnId } from "../../core/ids.ts";
import type { ReplyState } from "../../core/session-protocol.ts";
import type { SessionParts } from "./session-parts.ts";
import { waitingMessageId } from "./turn-names.ts";

/** Open until its end is stored: one that was stopped is, while what it said so far is written. */
export function findTurn(
  parts: SessionParts,
  key: string,
): { turnId: TurnId; isOpen: boolean } | undefined {
  const turn = parts.inbox.turnOf(key);
  return turn && { ...turn, isOpen: turn.isOpen || parts.running?.turnId === turn.turnId };
}

export async function readReply(
  parts: SessionParts,
  key: string,
  timeoutMs: number,
): Promise<ReplyState> {
  const turn = findTurn(parts, key);
  if (!turn) return { status: "unknown" };
  const { turnId } = turn;
  if (turn.isOpen && !(await parts.readers.waitForEnd(turnId, timeoutMs)))
    return { status: "pending" };
  const rows = parts.outbox.ofTurn(turnId).filter((row) => row.key !== waitingMessageId(turnId));
  const bodies = await Promise.all(rows.map((row) => parts.outbox.open(row)));
  return { status: "answered", text: bodies.map((body) => body.markdown).join("\n\n") };
}
