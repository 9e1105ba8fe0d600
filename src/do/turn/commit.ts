/**
 * Stage 9: the end of a turn is one transaction — history, outbox, log rows and the done mark of the inbox together. A
 * crash before it runs the turn again; a crash after it only sends what is recorded. A row that was taken back while
 * its end was sealed ends otherwise: nothing of it is stored here.
 */
import type { ErrorCode } from "../../core/errors.ts";
import { type MessageId, parseAccountKey } from "../../core/ids.ts";
import type { ChatMessage, Target } from "../../core/message.ts";
import type { Usage } from "../../core/ports.ts";
import { cutForChannel } from "../delivery/cut-for-channel.ts";
import type { SealedText } from "../delivery/outbox.ts";
import type { MessageBody } from "../session/history.ts";
import { targetOf } from "../session/stored-event.ts";
import {
  answerMessageId,
  replyKey,
  userMessageId,
  waitingMessageId,
} from "../session/turn-names.ts";
import type { Work } from "../session/work-head.ts";
import { turnEntries } from "./log-entries.ts";

export interface TurnEnd {
  outcome: "answered" | "stopped" | "failed" | "command";
  /** What the person reads; empty where nothing is said. */
  reply: string;
  /** What the history keeps, where it differs from the reply. */
  kept?: string;
  /** No part of what the model is told later. */
  aside: boolean;
  cut?: MessageBody["cut"];
  code?: ErrorCode;
  usage?: Usage;
  /** Turns asked up to this position leave the model's context. */
  droppedThroughSeq?: number | undefined;
  /** What a command or a tool changes, in the same transaction. */
  change?: () => void;
}

export type Committed =
  /** `message` is what was said, if anything was. */
  { status: "stored"; message: ChatMessage | undefined } | { status: "taken_back" };

interface SealedMessage {
  id: MessageId;
  body: MessageBody;
  sealed: Uint8Array;
}

/** Stores the end of a turn. */
export async function commitTurn(work: Work, end: TurnEnd): Promise<Committed> {
  const { parts, row } = work;
  const [pieces, answer] = await Promise.all([sealReply(work, end.reply), sealAnswer(work, end)]);
  const nowMs = parts.nowMs();
  return parts.commit((): Committed => {
    const isTakenBack = isAborted(work);
    if (isTakenBack && end.outcome !== "stopped") return { status: "taken_back" };
    const isForgotten = isTakenBack && !parts.history.has(userMessageId(row.turnId));
    const message = answer && !isForgotten ? append(work, answer, end.aside, nowMs) : undefined;
    if (pieces.length === 0 || isForgotten) parts.outbox.drop(replyKey(row.turnId, 0));
    else for (const piece of pieces) putPiece(work, piece, nowMs);
    parts.inbox.finish(row.seq);
    const { droppedThroughSeq } = end;
    if (droppedThroughSeq !== undefined) parts.meta.raise("droppedThroughSeq", droppedThroughSeq);
    end.change?.();
    parts.journal.add(...turnEntries(work, end, nowMs));
    return { status: "stored", message };
  });
}

/**
 * A sentence that goes out while the message waits: once for each turn, however often it is tried. `change` happens in the
 * same transaction.
 */
export async function commitNotice(
  work: Work,
  text: string,
  nextAtMs: number,
  change?: () => void,
): Promise<Committed> {
  const { parts, row } = work;
  const isToldAlready = parts.outbox.find(waitingMessageId(row.turnId)) !== undefined;
  const notice = isToldAlready ? undefined : await sealNotice(work, text);
  const nowMs = parts.nowMs();
  return parts.commit((): Committed => {
    if (isAborted(work)) return { status: "taken_back" };
    parts.inbox.postpone(row.seq, nextAtMs);
    change?.();
    if (!notice) return { status: "stored", message: undefined };
    putPiece(work, notice.piece, nowMs);
    return { status: "stored", message: append(work, notice.message, true, nowMs) };
  });
}

async function sealNotice({ parts, row, request }: Work, text: string) {
  const id = waitingMessageId(row.turnId);
  const { personId } = request.speaker;
  const body: MessageBody = { text, media: [] };
  const [piece, sealed] = await Promise.all([
    parts.outbox.seal(id, { markdown: text, target: targetOf(request.event) }, personId),
    parts.history.seal(id, body, personId),
  ]);
  return { piece, message: { id, body, sealed } };
}

function isAborted({ running }: Work): boolean {
  return running?.controller.signal.aborted ?? false;
}

async function sealReply(work: Work, reply: string): Promise<SealedText[]> {
  if (reply === "") return [];
  const { parts, row, request } = work;
  const target = targetOf(request.event);
  return Promise.all(
    cutForChannel(request.account, reply).map((markdown, part) =>
      parts.outbox.seal(
        replyKey(row.turnId, part),
        { markdown, target: targetFor(target, part) },
        request.speaker.personId,
      ),
    ),
  );
}

/** In a group the first piece shows what is answered; the others follow it. */
function targetFor(target: Target, part: number): Target {
  if (part === 0 || target.conversation.kind === "direct") return target;
  const { replyTo: _replyTo, ...rest } = target;
  return rest;
}

async function sealAnswer(
  { parts, row, request }: Work,
  end: TurnEnd,
): Promise<SealedMessage | undefined> {
  const text = end.kept ?? end.reply;
  if (text === "") return undefined;
  const id = answerMessageId(row.turnId);
  const body: MessageBody = { text, media: [], ...(end.cut ? { cut: end.cut } : {}) };
  return { id, body, sealed: await parts.history.seal(id, body, request.speaker.personId) };
}

function putPiece({ parts, row, request }: Work, piece: SealedText, nowMs: number): void {
  const { account } = request;
  parts.outbox.put({ ...piece, turnId: row.turnId, account, state: "pending" }, nowMs);
}

function append(
  { parts, row, request }: Work,
  { id, body, sealed }: SealedMessage,
  aside: boolean,
  atMs: number,
): ChatMessage {
  const { turnId } = row;
  const { personId } = request.speaker;
  const { channel } = parseAccountKey(request.account);
  const role = "assistant" as const;
  const message = { id, turnId, role, personId, channel, aside, atMs, sealed };
  return { seq: parts.history.append(message), id, role, atMs, channel, ...body };
}
