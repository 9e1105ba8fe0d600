/**
 * Stage 9: the end of a turn is one transaction — history, outbox, log rows and the done mark of the inbox together. A
 * crash before it runs the turn again; a crash after it only sends what is recorded.
 */

import { findAdapter } from "../adapters/registry.ts";
import { splitMarkdown } from "../adapters/split.ts";
import type { ErrorCode } from "../core/errors.ts";
import type { MessageId, TurnId } from "../core/ids.ts";
import type { ChatMessage, Target } from "../core/message.ts";
import type { Usage } from "../core/ports.ts";
import type { AcceptRequest } from "../core/session-protocol.ts";
import { sessionEntry } from "./accept.ts";
import type { MessageBody } from "./history.ts";
import type { InboxRow } from "./inbox.ts";
import { replyKey } from "./preview.ts";
import type { SessionParts } from "./session-parts.ts";

export interface Outcome {
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
  /** Past messages up to this position leave the model's context. */
  contextFromSeq?: number;
}

interface SealedPart {
  key: string;
  sealed: Uint8Array;
}

/** Longest message of a channel that this version does not know. */
const DEFAULT_TEXT_UNITS = 2_000;

async function sealReply(
  parts: SessionParts,
  turnId: TurnId,
  request: AcceptRequest,
  target: Target,
  reply: string,
): Promise<SealedPart[]> {
  if (reply === "") return [];
  const channel = request.account.split(":")[0] ?? "";
  const units = findAdapter(channel)?.capabilities.maxTextUnits ?? DEFAULT_TEXT_UNITS;
  return Promise.all(
    splitMarkdown(reply, units).map(async (markdown, part) => {
      const key = replyKey(turnId, part);
      return { key, sealed: await parts.outbox.seal(key, { markdown, target }) };
    }),
  );
}

export function answerMessageId(turnId: TurnId): MessageId {
  return `${turnId}:a` as MessageId;
}

export function targetOf(request: AcceptRequest): Target {
  return request.event.kind === "stop" ? request.event.target : request.event.message.target;
}

/** Stores the end of a turn; the stored answer, or undefined where nothing was said. */
export async function commitTurn(
  parts: SessionParts,
  row: InboxRow,
  request: AcceptRequest,
  startedAtMs: number,
  end: Outcome,
): Promise<ChatMessage | undefined> {
  const { turnId } = row;
  const id = answerMessageId(turnId);
  const body: MessageBody = {
    text: end.kept ?? end.reply,
    media: [],
    ...(end.cut ? { cut: end.cut } : {}),
  };
  const saysSomething = body.text !== "";
  const [replyParts, sealed] = await Promise.all([
    sealReply(parts, turnId, request, targetOf(request), end.reply),
    saysSomething ? parts.history.seal(id, body) : undefined,
  ]);
  const nowMs = parts.nowMs();
  const channel = request.account.split(":")[0] ?? "";
  const { personId } = request.speaker;
  const seq = parts.storage.transactionSync(() => {
    const position =
      sealed &&
      parts.history.append({
        id,
        turnId,
        role: "assistant",
        personId,
        channel,
        aside: end.aside,
        atMs: nowMs,
        sealed,
      });
    for (const part of replyParts)
      parts.outbox.put({ ...part, turnId, account: request.account, state: "pending" }, nowMs);
    if (replyParts.length === 0) parts.outbox.drop(replyKey(turnId, 0));
    parts.inbox.finish(row.seq);
    if (end.contextFromSeq !== undefined) parts.meta.set("contextFromSeq", end.contextFromSeq);
    journalTurn(parts, row, request, startedAtMs, nowMs, end);
    return position;
  });
  return seq === undefined
    ? undefined
    : { seq, id, role: "assistant", atMs: nowMs, channel, ...body };
}

function journalTurn(
  parts: SessionParts,
  row: InboxRow,
  request: AcceptRequest,
  startedAtMs: number,
  endedAtMs: number,
  end: Outcome,
): void {
  const [channel = ""] = request.account.split(":");
  const { personId } = request.speaker;
  const turn = {
    kind: "turn" as const,
    id: row.turnId,
    sessionId: parts.key,
    personId,
    channel,
    outcome: end.outcome,
    code: end.code ?? null,
    startedAtMs,
    endedAtMs,
  };
  const usage = end.usage && {
    kind: "usage" as const,
    turnId: row.turnId,
    personId,
    ...end.usage,
    atMs: endedAtMs,
  };
  parts.journal.add(turn, sessionEntry(parts, request, endedAtMs), ...(usage ? [usage] : []));
}

/** A sentence that goes out while the message waits: once for each turn, however often it is tried. */
export async function commitNotice(
  parts: SessionParts,
  row: InboxRow,
  request: AcceptRequest,
  text: string,
  nextAtMs: number,
): Promise<ChatMessage | undefined> {
  const key = `${row.turnId}:waiting`;
  if (parts.outbox.find(key)) {
    parts.inbox.postpone(row.seq, nextAtMs);
    return undefined;
  }
  const id = key as MessageId;
  const body: MessageBody = { text, media: [] };
  const [sealed, sealedMessage] = await Promise.all([
    parts.outbox.seal(key, { markdown: text, target: targetOf(request) }),
    parts.history.seal(id, body),
  ]);
  const nowMs = parts.nowMs();
  const channel = request.account.split(":")[0] ?? "";
  const { personId } = request.speaker;
  const seq = parts.storage.transactionSync(() => {
    parts.inbox.postpone(row.seq, nextAtMs);
    parts.outbox.put(
      { key, turnId: row.turnId, account: request.account, state: "pending", sealed },
      nowMs,
    );
    return parts.history.append({
      id,
      turnId: row.turnId,
      role: "assistant",
      personId,
      channel,
      aside: true,
      atMs: nowMs,
      sealed: sealedMessage,
    });
  });
  return { seq, id, role: "assistant", atMs: nowMs, channel, ...body };
}
