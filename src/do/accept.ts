/**
 * Stage 3: an event becomes durable. One transaction claims its key, queues it and keeps the message; only then may the
 * platform be told. A repeat joins the first. What a /stop, a /forget or an edit takes back is taken back in the same
 * transaction, so that nothing said later is touched by it.
 */
import { newId, type PersonId, parseAccountKey, type TurnId } from "../core/ids.ts";
import type { AcceptOutcome, AcceptRequest } from "../core/session-protocol.ts";
import { decideTakeBack, type TakeBack } from "../turn/commands.ts";
import type { CancelledRow, NewInboxRow } from "./inbox.ts";
import { sessionEntry } from "./log-entries.ts";
import type { SessionParts } from "./session-parts.ts";
import { commandOf, userBody } from "./stored-event.ts";
import { replyKey, userMessageId } from "./turn-names.ts";
import { giveWay } from "./work-summary.ts";

/** How long a sender is asked to wait when the queue is full. */
const FULL_RETRY_MS = 30_000;

export async function acceptEvent(
  parts: SessionParts,
  request: AcceptRequest,
): Promise<AcceptOutcome> {
  return request.event.kind === "edit" ? acceptEdit(parts, request) : acceptNew(parts, request);
}

type Stored =
  | { status: "accepted"; seq: number; cancelled: CancelledRow[] }
  | { status: "duplicate" }
  | { status: "full" };

async function acceptNew(parts: SessionParts, request: AcceptRequest): Promise<AcceptOutcome> {
  const turnId = newId<TurnId>();
  const { personId } = request.speaker;
  const { channel } = parseAccountKey(request.account);
  const command = commandOf(request.event);
  const takes = decideTakeBack(command);
  const body = userBody(request, countTaken(parts, takes, personId));
  const id = userMessageId(turnId);
  const sealed = await parts.history.seal(id, body);
  const atMs = parts.nowMs();
  const role = "user" as const;
  const aside = command !== undefined;
  const stored = parts.commit((): Stored => {
    const claimed = parts.inbox.claim(inboxRow(request, turnId, aside), atMs);
    if (claimed !== "accepted")
      return claimed === "full" ? { status: "full" } : { status: "duplicate" };
    const cancelled = takeBack(parts, takes, personId);
    noteSession(parts, request, atMs);
    const message = { id, turnId, role, personId, channel, aside, atMs, sealed };
    return { status: "accepted", seq: parts.history.append(message), cancelled };
  });
  if (stored.status === "full") return { status: "full", retryAfterMs: FULL_RETRY_MS };
  if (stored.status !== "accepted") return { status: "duplicate" };
  if (!aside) giveWay(parts);
  endCancelled(parts, stored.cancelled);
  const { request: _request, takenBack: _takenBack, ...shown } = body;
  const message = { seq: stored.seq, id, role, atMs, channel, ...shown };
  parts.readers.broadcast({ type: "message", message });
  return { status: "accepted" };
}

function inboxRow(request: AcceptRequest, turnId: TurnId, isCommand: boolean): NewInboxRow {
  return {
    key: claimKey(request),
    lane: isCommand ? "command" : "turn",
    turnId,
    personId: request.speaker.personId,
    messageRef: messageRef(request),
  };
}

/** An edit of a message that waits or is being answered replaces it; a later one changes nothing. */
async function acceptEdit(parts: SessionParts, request: AcceptRequest): Promise<AcceptOutcome> {
  const { inbox, history } = parts;
  const ref = messageRef(request);
  const found = ref === undefined ? undefined : inbox.findEdited(ref);
  const claimedId = newId<TurnId>();
  const sealed = found && (await history.seal(userMessageId(found.turnId), userBody(request, 0)));
  return parts.commit((): AcceptOutcome => {
    if (inbox.has(claimKey(request))) return { status: "duplicate" };
    inbox.claimDone(claimKey(request), claimedId, request.speaker.personId, parts.nowMs());
    if (found && sealed && inbox.isQueued(found.seq)) {
      inbox.hasten(found.seq);
      history.replaceBody(userMessageId(found.turnId), sealed);
      if (parts.running?.seq === found.seq) parts.running.controller.abort();
    }
    return { status: "accepted" };
  });
}

function claimKey(request: AcceptRequest): string {
  return `${request.account}|${request.event.key}`;
}

function messageRef(request: AcceptRequest): string | undefined {
  return request.event.kind === "stop"
    ? undefined
    : `${request.account}|${request.event.message.id}`;
}

/** What the answer to a /stop or a /forget says: how much it took back. */
function countTaken(parts: SessionParts, takes: TakeBack, personId: PersonId): number {
  switch (takes) {
    case "own_waiting":
      return parts.inbox.countOf(personId);
    case "everything":
      return parts.history.count();
    default:
      return 0;
  }
}

/** Inside the caller's transaction; the rows that will not be answered any more. */
function takeBack(parts: SessionParts, takes: TakeBack, personId: PersonId): CancelledRow[] {
  if (takes === "nothing") return [];
  const cancelled = parts.inbox.cancel(takes === "everything" ? undefined : personId);
  for (const row of cancelled)
    if (row.seq !== parts.running?.seq) parts.outbox.drop(replyKey(row.turnId, 0));
  if (takes === "everything") forget(parts);
  return cancelled;
}

function forget(parts: SessionParts): void {
  parts.outbox.forget();
  parts.files.forget();
  parts.reminders.forget();
  const throughSeq = parts.history.forget();
  parts.past.forget();
  parts.pins.forget();
  parts.summaries.forget();
  parts.journal.skipMessages();
  parts.journal.add({ kind: "forget", sessionId: parts.key, throughSeq });
}

function endCancelled(parts: SessionParts, cancelled: readonly CancelledRow[]): void {
  for (const row of cancelled)
    if (parts.running?.seq === row.seq) parts.running.controller.abort();
    else parts.readers.end(row.turnId, undefined);
}

/** The session's own row for D1, when it begins; turns keep its last time up to date. */
function noteSession(parts: SessionParts, request: AcceptRequest, nowMs: number): void {
  if (parts.meta.get("createdAtMs") !== undefined) return;
  parts.meta.set("createdAtMs", nowMs);
  parts.journal.add(sessionEntry(parts, request, nowMs));
}
