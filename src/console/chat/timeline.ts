/**
 * The order in which a conversation is read: an answer stands under its question, also where another question came in
 * between, and days are told apart. Pure.
 */
import type { ChatMessage } from "../../core/message.ts";
import { type Outgoing, turnOf } from "./conversation.ts";

export type TimelineItem =
  | { kind: "day"; key: string; atMs: number }
  | { kind: "message"; key: string; message: ChatMessage }
  | { kind: "running"; key: string; turnId: string }
  | { kind: "outgoing"; key: string; item: Outgoing };

/** `turnId` is that of the running turn. */
export function buildTimeline(
  messages: readonly ChatMessage[],
  outgoing: readonly Outgoing[],
  turnId: string | undefined,
): TimelineItem[] {
  const items: TimelineItem[] = [];
  let lastDay = "";
  const addDay = (atMs: number) => {
    const day = new Date(atMs).toDateString();
    if (day !== lastDay) items.push({ kind: "day", key: `day ${day}`, atMs });
    lastDay = day;
  };
  const turns = groupByTurn(messages);
  for (const [turn, group] of turns) {
    addDay(group[0]?.atMs ?? 0);
    for (const message of group)
      items.push({ kind: "message", key: `message ${message.seq}`, message });
    if (turn === turnId) items.push({ kind: "running", key: `turn ${turn}`, turnId: turn });
  }
  for (const item of outgoing) {
    if (item.isShown && item.status !== "failed") continue;
    addDay(item.atMs);
    items.push({ kind: "outgoing", key: `outgoing ${item.id}`, item });
  }
  if (turnId !== undefined && !turns.has(turnId))
    items.push({ kind: "running", key: `turn ${turnId}`, turnId });
  return items;
}

/** In the order of each turn's first message. */
function groupByTurn(messages: readonly ChatMessage[]): Map<string, ChatMessage[]> {
  const groups = new Map<string, ChatMessage[]>();
  for (const message of messages) {
    const turn = turnOf(message);
    const group = groups.get(turn);
    if (group) group.push(message);
    else groups.set(turn, [message]);
  }
  return groups;
}
