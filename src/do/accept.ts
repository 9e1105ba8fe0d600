/**
 * Stage 3: an event becomes durable. One transaction claims its key, queues it and keeps the message; only then may the
 * platform be told. A repeat joins the first. What a /stop or an edit takes back is taken back in the same transaction.
 */

import { parseCommand } from "../core/command.ts";
import { AppError } from "../core/errors.ts";
import { newId, type TurnId } from "../core/ids.ts";
import type { AcceptOutcome, AcceptRequest } from "../core/session-protocol.ts";
import { type UserBody, userMessageId } from "./history.ts";
import { MAX_QUEUED } from "./inbox.ts";
import { publicMedia, type SessionParts } from "./session-parts.ts";

/** How long a sender is asked to wait when the queue is full. */
const FULL_RETRY_MS = 30_000;

/** An accepted event, opened. */
export interface StoredEvent {
  request: AcceptRequest;
  stoppedRows: number;
}

function claimKey(request: AcceptRequest): string {
  return `${request.account}|${request.event.key}`;
}

export async function acceptEvent(
  parts: SessionParts,
  request: AcceptRequest,
): Promise<AcceptOutcome> {
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
  const lane = command === undefined ? "turn" : "command";
  if (inbox.queued(lane) >= MAX_QUEUED) return { status: "full", retryAfterMs: FULL_RETRY_MS };
  const turnId = newId<TurnId>();
  const { personId } = request.speaker;
  const isStop = command === "stop";
  const body = userBody(request, isStop ? inbox.countOf(personId) : 0);
  const id = userMessageId(turnId);
  const sealed = await history.seal(id, body);
  const nowMs = parts.nowMs();
  let seq = 0;
  let cancelled: number[] = [];
  const outcome = parts.storage.transactionSync(() => {
    const row = {
      key: claimKey(request),
      lane,
      turnId,
      personId,
      messageRef: messageRef(request),
    } as const;
    const claimed = inbox.claim(row, nowMs);
    if (claimed !== "accepted") return claimed;
    if (isStop) cancelled = inbox.cancel(personId);
    noteSession(parts, request, nowMs);
    seq = history.append({
      id,
      turnId,
      role: "user",
      personId,
      channel: channelOf(request),
      aside: command !== undefined,
      atMs: nowMs,
      sealed,
    });
    return claimed;
  });
  if (outcome === "duplicate") return { status: "duplicate" };
  if (parts.running && cancelled.includes(parts.running.seq)) parts.running.controller.abort();
  const { request: _request, stoppedRows: _stoppedRows, ...shown } = body;
  parts.readers.broadcast({
    type: "message",
    message: { seq, id, role: "user", atMs: nowMs, channel: channelOf(request), ...shown },
  });
  return { status: "accepted" };
}

/** An edit of a message that waits or is being answered replaces it; a later one changes nothing. */
async function acceptEdit(parts: SessionParts, request: AcceptRequest): Promise<AcceptOutcome> {
  const { inbox, history } = parts;
  const ref = messageRef(request);
  const found = ref === undefined ? undefined : inbox.findEdited(ref);
  const claimedId = newId<TurnId>();
  const sealed = found && (await history.seal(userMessageId(found.turnId), userBody(request, 0)));
  return parts.storage.transactionSync((): AcceptOutcome => {
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

function messageRef(request: AcceptRequest): string | undefined {
  return request.event.kind === "stop"
    ? undefined
    : `${request.account}|${request.event.message.id}`;
}

function channelOf(request: AcceptRequest): string {
  return request.account.split(":")[0] ?? "";
}

/** The event as it is sealed: its text stands once, beside it. */
export function userBody(request: AcceptRequest, stoppedRows: number): UserBody {
  const { event, speaker } = request;
  if (event.kind === "stop") return { text: "/stop", media: [], request, stoppedRows };
  const sender = event.message.conversation.kind === "group" ? { sender: speaker.name } : {};
  const { text, media } = event.message;
  const bare = { ...request, event: { ...event, message: { ...event.message, text: "" } } };
  return { text, media: publicMedia(media), ...sender, request: bare, stoppedRows };
}

/** The event again, as it came in. Throws http/not_found when it was forgotten meanwhile. */
export async function openEvent(parts: SessionParts, turnId: TurnId): Promise<StoredEvent> {
  const body = await parts.history.openEvent(turnId);
  if (!body) throw new AppError("http/not_found", { detail: "The message was forgotten." });
  const { request, stoppedRows, text } = body;
  if (request.event.kind !== "stop") request.event.message.text = text;
  return { request, stoppedRows };
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
