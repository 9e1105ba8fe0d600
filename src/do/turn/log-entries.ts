/** What the log in D1 is told of a session: itself, its turns, and what they cost. */
import { parseAccountKey } from "../../core/ids.ts";
import type { JournalEntry } from "../../core/journal.ts";
import type { AcceptRequest } from "../../core/session-protocol.ts";
import type { SessionParts } from "../session/session-parts.ts";
import type { Work } from "../session/work-head.ts";
import type { TurnEnd } from "./commit.ts";

export function sessionEntry(
  parts: SessionParts,
  request: Pick<AcceptRequest, "account">,
  nowMs: number,
): JournalEntry {
  const { channel, name } = parseAccountKey(request.account);
  return {
    kind: "session",
    id: parts.key,
    channel,
    account: name,
    createdAtMs: parts.meta.get("createdAtMs") ?? nowMs,
    lastAtMs: nowMs,
  };
}

export function turnEntries(work: Work, end: TurnEnd, endedAtMs: number): JournalEntry[] {
  const { parts, row, request, startedAtMs } = work;
  const { personId } = request.speaker;
  const turn: JournalEntry = {
    kind: "turn",
    id: row.turnId,
    sessionId: parts.key,
    personId,
    channel: parseAccountKey(request.account).channel,
    outcome: end.outcome,
    code: end.code ?? null,
    startedAtMs,
    endedAtMs,
  };
  const entries = [turn, sessionEntry(parts, request, endedAtMs)];
  if (end.usage && end.outcome !== "command")
    entries.push({
      kind: "usage",
      turnId: row.turnId,
      personId,
      outcome: end.outcome,
      ...end.usage,
      atMs: endedAtMs,
    });
  return entries;
}
