/**
 * Stage 3: an event becomes durable. One transaction claims its key, queues it and keeps the message; only then may the
 * platform be told. A repeat joins the first. What a /stop, a /forget or an edit takes back is taken back in the same
 * transaction, so that nothing said later is touched by it.
 */
import type { Command } from "../../core/command.ts";
import { newId, type PersonId, parseAccountKey, type TurnId } from "../../core/ids.ts";
import type { AcceptOutcome, AcceptRequest } from "../../core/session-protocol.ts";
import { isAllowed, verifyAllowed } from "../../security/permissions.ts";
import { decideTakeBack, type TakeBack } from "../../turn/commands.ts";
import { findTriggered } from "../directory/directory-client.ts";
import { openRedactors } from "../isolate.ts";
import type { UserBody } from "../session/history.ts";
import type { CancelledRow, Lane, NewInboxRow } from "../session/inbox.ts";
import { findRunning, type SessionParts } from "../session/session-parts.ts";
import { commandOf, maskEvent, userBody } from "../session/stored-event.ts";
import { replyKey, userMessageId } from "../session/turn-names.ts";
import { sessionEntry } from "../turn/log-entries.ts";
import { letDigestWait } from "../turn/work-digest.ts";
import { giveWay } from "../turn/work-summary.ts";

/** Commands that are no words of a second: one leads a dialogue, the other has a document read. */
const LANES: ReadonlyMap<string, Lane> = new Map([
  ["flow", "dialogue"],
  ["tldr", "turn"],
]);

/** The lane of a command. */
export function commandLane({ name }: Pick<Command, "name">): Lane {
  return LANES.get(name) ?? "command";
}

/** How long a sender is asked to wait when the queue is full. */
const FULL_RETRY_MS = 30_000;

export async function acceptEvent(
  parts: SessionParts,
  received: AcceptRequest,
): Promise<AcceptOutcome> {
  verifyAllowed(received.speaker.role, "chat:use");
  const request = maskEvent(received, openRedactors(parts.env).stored);
  return request.event.kind === "edit" ? acceptEdit(parts, request) : acceptNew(parts, request);
}

type Stored =
  | { status: "accepted"; lane: Lane; seq: number; cancelled: CancelledRow[]; isNew: boolean }
  | { status: "duplicate" }
  | { status: "full" };

async function acceptNew(parts: SessionParts, request: AcceptRequest): Promise<AcceptOutcome> {
  const turnId = newId<TurnId>();
  const { personId } = request.speaker;
  const { channel } = parseAccountKey(request.account);
  const command = commandOf(request.event);
  const takes = decideTakeBack(command, (permission) =>
    isAllowed(request.speaker.role, permission),
  );
  const isLeaving = takes === "own_dialogue" && parts.handovers.has(personId);
  const body: UserBody = {
    ...userBody(request, countTaken(parts, takes, personId)),
    ...(isLeaving ? { leftPerson: true } : {}),
  };
  const id = userMessageId(turnId);
  const [sealed, flow] = await Promise.all([
    parts.history.seal(id, body, personId),
    command ? undefined : findTriggered(parts.env, body.text),
  ]);
  const atMs = parts.nowMs();
  const role = "user" as const;
  const stored = parts.commit((): Stored => {
    const lane = laneOf(parts, personId, command, flow);
    const aside = lane !== "turn";
    const claimed = parts.inbox.claim(inboxRow(request, turnId, lane), atMs);
    if (claimed !== "accepted")
      return claimed === "full" ? { status: "full" } : { status: "duplicate" };
    const cancelled = takeBack(parts, takes, personId);
    const isNew = noteSession(parts, request, atMs);
    const message = { id, turnId, role, personId, channel, aside, atMs, sealed };
    return { status: "accepted", lane, seq: parts.history.append(message), cancelled, isNew };
  });
  if (stored.status === "full") return { status: "full", retryAfterMs: FULL_RETRY_MS };
  if (stored.status !== "accepted") return { status: "duplicate" };
  if (stored.lane === "turn") {
    giveWay(parts);
    letDigestWait(parts);
  }
  endCancelled(parts, stored.cancelled);
  const { request: _request, takenBack: _takenBack, leftPerson: _leftPerson, ...shown } = body;
  const message = { seq: stored.seq, id, role, atMs, channel, ...shown };
  parts.readers.broadcast({ type: "message", message });
  return stored.isNew ? { status: "accepted", isNewConversation: true } : { status: "accepted" };
}

/** `flow` is what the message would begin. Who is in a dialogue, or about to be, speaks to it; who was handed over, to a person. */
function laneOf(
  { dialogues, handovers, inbox }: SessionParts,
  personId: PersonId,
  command: Command | undefined,
  flow: string | undefined,
): Lane {
  if (command) return commandLane(command);
  const isTalking =
    dialogues.has(personId) ||
    handovers.has(personId) ||
    (inbox.queued("dialogue") > 0 && inbox.countOf(personId, "dialogue") > 0);
  return isTalking || flow !== undefined ? "dialogue" : "turn";
}

function inboxRow(request: AcceptRequest, turnId: TurnId, lane: Lane): NewInboxRow {
  return {
    key: claimKey(request),
    lane,
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
  const sealed =
    found &&
    (await history.seal(
      userMessageId(found.turnId),
      userBody(request, 0),
      request.speaker.personId,
    ));
  return parts.commit((): AcceptOutcome => {
    if (inbox.has(claimKey(request))) return { status: "duplicate" };
    inbox.claimDone(claimKey(request), claimedId, request.speaker.personId, parts.nowMs());
    if (found && sealed && inbox.isQueued(found.seq)) {
      inbox.hasten(found.seq);
      // Its documents are read anew, for what is asked now.
      inbox.move(found.seq, "digest", "turn");
      parts.digests.drop(found.turnId);
      history.replaceBody(userMessageId(found.turnId), sealed);
      findRunning(parts, found.seq)?.controller.abort();
    }
    return { status: "accepted" };
  });
}

/** What an event is recognised by when it comes again. */
export function claimKey(request: AcceptRequest): string {
  return `${request.account}|${request.event.key}`;
}

function messageRef(request: AcceptRequest): string | undefined {
  return request.event.kind === "stop"
    ? undefined
    : `${request.account}|${request.event.message.id}`;
}

/** What the answer to a /stop, a /cancel or a /forget says: how much it took back. */
function countTaken(parts: SessionParts, takes: TakeBack, personId: PersonId): number {
  switch (takes) {
    case "own_waiting":
      return parts.inbox.countOf(personId);
    case "own_dialogue":
      return isInDialogue(parts, personId) ? 1 : parts.inbox.countOf(personId, "dialogue");
    case "everything":
      return parts.history.count();
    default:
      return 0;
  }
}

function isInDialogue({ dialogues, handovers }: SessionParts, personId: PersonId): boolean {
  return dialogues.has(personId) || handovers.has(personId);
}

/** Inside the caller's transaction; the rows that will not be answered any more. */
function takeBack(parts: SessionParts, takes: TakeBack, personId: PersonId): CancelledRow[] {
  if (takes === "nothing") return [];
  const isOwn = takes !== "everything";
  const isDialogue = takes === "own_dialogue";
  const cancelled = parts.inbox.cancel(
    isOwn ? personId : undefined,
    isDialogue ? ["dialogue"] : undefined,
  );
  if (isDialogue) {
    parts.dialogues.end(personId);
    parts.handovers.end(personId, "left", personId);
  }
  for (const row of cancelled) {
    if (!findRunning(parts, row.seq)) parts.outbox.drop(replyKey(row.turnId, 0));
    parts.digests.drop(row.turnId);
  }
  if (takes === "everything") forget(parts);
  return cancelled;
}

function forget(parts: SessionParts): void {
  parts.outbox.forget();
  parts.files.forget();
  parts.reminders.forget();
  parts.dialogues.forget();
  parts.handovers.forget();
  parts.digests.forget();
  parts.notices.forget();
  const throughSeq = parts.history.forget();
  parts.past.forget();
  parts.pins.forget();
  parts.summaries.forget();
  parts.journal.skipMessages();
  parts.journal.add({ kind: "forget", sessionId: parts.key, throughSeq });
}

function endCancelled(parts: SessionParts, cancelled: readonly CancelledRow[]): void {
  for (const row of cancelled) {
    const running = findRunning(parts, row.seq);
    if (running) running.controller.abort();
    else parts.readers.end(row.turnId, undefined);
  }
}

/** The session's own row for D1, when it begins; turns keep its last time up to date. True where it begins now. */
export function noteSession(
  parts: SessionParts,
  request: Pick<AcceptRequest, "account">,
  nowMs: number,
): boolean {
  if (parts.meta.get("createdAtMs") !== undefined) return false;
  parts.meta.set("createdAtMs", nowMs);
  parts.journal.add(sessionEntry(parts, request, nowMs));
  return true;
}
