/** The names of what belongs to a turn: its messages, its outbox rows, its draft. Pure. */
import type { MessageId, TurnId } from "../../core/ids.ts";

/** The person's message: one for each turn. */
export function userMessageId(turnId: TurnId): MessageId {
  return `${turnId}:u` as MessageId;
}

export function answerMessageId(turnId: TurnId): MessageId {
  return `${turnId}:a` as MessageId;
}

/** The sentence that says why it takes longer, as message and as outbox row. */
export function waitingMessageId(turnId: TurnId): MessageId {
  return `${turnId}:waiting` as MessageId;
}

/** Outbox row of one piece of the answer; a running turn shows itself in piece 0. */
export function replyKey(turnId: TurnId, part: number): string {
  return `${turnId}:${part}`;
}

/** Drafts are numbered; the same turn has the same number in every life. */
export function draftIdOf(turnId: TurnId): number {
  return (Number.parseInt(turnId.replaceAll("-", "").slice(-7), 16) || 0) + 1;
}
