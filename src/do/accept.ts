/**
 * Stage 3: an event becomes durable. One transaction claims its key, queues it and keeps the message; only then may the
 * platform be told. A repeat joins the first. What a /stop or an edit takes back is taken back in the same transaction.
 */
import { parseCommand } from "../core/command.ts";
import { type MessageId, newId, type TurnId } from "../core/ids.ts";
import type { ChatMessage } from "../core/message.ts";
import type { AcceptOutcome, AcceptRequest } from "../core/session-protocol.ts";
import { sealJson } from "../security/keyring.ts";
import type { MessageBody } from "./history.ts";
import { MAX_QUEUED } from "./inbox.ts";
import { publicMedia, type SessionParts, type StoredEvent } from "./session-parts.ts";

/** How long a sender is asked to wait when the queue is full. */
const FULL_RETRY_MS = 30_000;

export function inboxPlace(parts: SessionParts, turnId: TurnId): string {
  return `inbox|${parts.key}|${turnId}`;
}

function claimKey(request: AcceptRequest): string {
  return `${request.account}|${request.event.key}`;
}

/** Id of the person's message in the history: one for each turn. */
export function userMessageId(turnId: TurnId): MessageId {
  return `${turnId}:u` as MessageId;
}

export async function acceptEvent(
  parts: SessionParts,
  request: AcceptRequest,
): Promise<AcceptOutcome> {
  if (parts.inbox.has(claimKey(request))) return { status: "duplicate" };
  if (request.event.kind === "edit") return acceptEdit(parts, request);
  const command =
    request.event.kind === "stop"
      ? { name: "stop", args: "" }
      : parseCommand(request.event.message.text);
  return acceptNew(parts, request, command?.name);
}

async function acceptNew(
  parts: SessionParts,
  request: AcceptRequest,
  command: string | undefined,
): Promise<AcceptOutcome> {
  const { inbox, history } = parts;
  if (inbox.queued >= MAX_QUEUED && command === undefined)
    return { status: "full", retryAfterMs: FULL_RETRY_MS };
  const turnId = newId<TurnId>();
  const isStop = command === "stop";
  const stored: StoredEvent = {
    request,
    stoppedRows: isStop ? inbox.countOf(request.speaker.personId) : 0,
  };
  const body = userBody(request);
  const id = userMessageId(turnId);
  const [sealed, sealedMessage] = await Promise.all([
    sealJson(parts.keyring, inboxPlace(parts, turnId), stored),
    history.seal(id, body),
  ]);
  const nowMs = parts.nowMs();
  let seq = 0;
  let cancelled: number[] = [];
  const outcome = parts.storage.transactionSync(() => {
    const claimed = inbox.claim(
      {
        key: claimKey(request),
        lane: command === undefined ? "turn" : "command",
        turnId,
        personId: request.speaker.personId,
        messageRef: messageRef(request),
        body: sealed,
      },
      nowMs,
    );
    if (claimed !== "accepted") return claimed;
    if (isStop) cancelled = inbox.cancel(request.speaker.personId);
    noteSession(parts, request, nowMs);
    seq = history.append({
      id,
      turnId,
      role: "user",
      personId: request.speaker.personId,
      channel: channelOf(request),
      aside: command !== undefined,
      atMs: nowMs,
      sealed: sealedMessage,
    });
    return claimed;
  });
  if (outcome === "duplicate") return { status: "duplicate" };
  if (outcome === "full") return { status: "full", retryAfterMs: FULL_RETRY_MS };
  if (parts.running && cancelled.includes(parts.running.seq)) parts.running.controller.abort();
  parts.readers.broadcast({ type: "message", message: chatMessage(request, id, seq, nowMs, body) });
  return { status: "accepted" };
}

/** An edit of a message that waits or is being answered replaces it; a later one changes nothing. */
async function acceptEdit(parts: SessionParts, request: AcceptRequest): Promise<AcceptOutcome> {
  const { inbox, history } = parts;
  const ref = messageRef(request);
  const found = ref === undefined ? undefined : inbox.findEdited(ref);
  const claimedId = newId<TurnId>();
  const sealed =
    found &&
    (await sealJson(parts.keyring, inboxPlace(parts, found.turnId), { request, stoppedRows: 0 }));
  const message = found && (await history.seal(userMessageId(found.turnId), userBody(request)));
  return parts.storage.transactionSync((): AcceptOutcome => {
    if (inbox.has(claimKey(request))) return { status: "duplicate" };
    inbox.claimDone(claimKey(request), claimedId, request.speaker.personId, parts.nowMs());
    if (found && sealed && message && inbox.isQueued(found.seq)) {
      inbox.replaceBody(found.seq, sealed);
      history.replaceBody(userMessageId(found.turnId), message);
      if (parts.running?.seq === found.seq) parts.running.controller.abort();
    }
    return { status: "accepted" };
  });
}

function messageRef(request: AcceptRequest): string | undefined {
  return request.event.kind === "stop"
    ? undefined
    : `${request.account}|${request.event.message.id}`;
}

function channelOf(request: AcceptRequest): string {
  return request.account.split(":")[0] ?? "";
}

function userBody(request: AcceptRequest): MessageBody {
  const { event, speaker } = request;
  if (event.kind === "stop") return { text: "/stop", media: [] };
  const sender = event.message.conversation.kind === "group" ? speaker.name : undefined;
  return {
    text: event.message.text,
    media: publicMedia(event.message.media),
    ...(sender === undefined ? {} : { sender }),
  };
}

function chatMessage(
  request: AcceptRequest,
  id: string,
  seq: number,
  atMs: number,
  body: MessageBody,
): ChatMessage {
  return { seq, id, role: "user", atMs, channel: channelOf(request), ...body };
}

/** The session's own row for D1, when it begins; turns keep its last time up to date. */
function noteSession(parts: SessionParts, request: AcceptRequest, nowMs: number): void {
  if (parts.meta.get("createdAtMs") !== undefined) return;
  parts.meta.set("createdAtMs", nowMs);
  parts.journal.add(sessionEntry(parts, request, nowMs));
}

export function sessionEntry(parts: SessionParts, request: AcceptRequest, nowMs: number) {
  const [channel = "", account = ""] = request.account.split(":");
  const createdAtMs = parts.meta.get("createdAtMs") ?? nowMs;
  return {
    kind: "session" as const,
    id: parts.key,
    channel,
    account,
    createdAtMs,
    lastAtMs: nowMs,
  };
}
