/** Stages 6 to 9 for one row of the inbox: files, context, model, and the one transaction that ends the turn. */
import type { ErrorCode } from "../core/errors.ts";
import type { ChatMessage } from "../core/message.ts";
import type { AcceptRequest } from "../core/session-protocol.ts";
import { emit } from "../observability/emit.ts";
import { describeError } from "../observability/redact.ts";
import { phrase } from "../phrases/phrase.ts";
import { answerTokens, buildPrompt, systemText } from "../turn/context.ts";
import { decidePostpone, failedPhrase, KEEP_MS, waitingPhrase } from "../turn/postpone.ts";
import { decideFailure, runTurn, type TurnResult } from "../turn/run.ts";
import { openEvent, userBody } from "./accept.ts";
import { commitNotice, commitTurn, type Outcome } from "./commit.ts";
import { describeUser, type MessageBody, userMessageId } from "./history.ts";
import type { InboxRow } from "./inbox.ts";
import { startPreview } from "./preview.ts";
import { receiveMedia } from "./receive-media.ts";
import { findRoute, type Route } from "./routes-out.ts";
import type { RunningTurn, SessionParts } from "./session-parts.ts";

/** Longest message that is answered; longer text belongs into a file. */
export const MAX_MESSAGE_UNITS = 32_768;
const HOUR_MS = 3_600_000;

interface Work {
  parts: SessionParts;
  row: InboxRow;
  request: AcceptRequest;
  stoppedRows: number;
  running: RunningTurn;
  startedAtMs: number;
}

/** Works on the oldest queued message. Every failure ends as an answer, a notice or a row that waits. */
export async function workTurn(parts: SessionParts, row: InboxRow): Promise<void> {
  const { request, stoppedRows } = await openEvent(parts, row.turnId);
  const startedAtMs = parts.nowMs();
  const running: RunningTurn = {
    seq: row.seq,
    turnId: row.turnId,
    text: "",
    state: "thinking",
    controller: new AbortController(),
  };
  parts.running = running;
  const work: Work = { parts, row, request, stoppedRows, running, startedAtMs };
  const channel = request.account.split(":")[0] ?? "";
  emit({
    type: "turn:started",
    turnId: row.turnId,
    session: parts.key,
    channel,
    queuedMs: startedAtMs - row.acceptedAtMs,
  });
  parts.readers.broadcast({ type: "turn", turnId: row.turnId, text: "", state: "thinking" });
  try {
    await finish(work, await think(work));
  } finally {
    parts.running = undefined;
  }
}

interface Thought {
  result: TurnResult;
  problems: string[];
  contextFromSeq?: number;
  user: string;
}

async function think(work: Work): Promise<Thought> {
  const { parts, request, running } = work;
  const { event, speaker } = request;
  const text = event.kind === "stop" ? "" : event.message.text;
  if (text.length > MAX_MESSAGE_UNITS)
    return { ...refusal(phrase(speaker.lang, "tooLong", { max: MAX_MESSAGE_UNITS })), user: text };
  const route = await findRoute(parts.env, request.account);
  const { body, problems } = await prepare(work, route);
  const user = describeUser(body);
  const modelName = parts.meta.get("model") ?? parts.defaultModel;
  try {
    const contextTokens = await parts.model.contextTokens(modelName);
    const past = await parts.history.past(parts.meta.get("contextFromSeq") ?? 0);
    const { messages, dropped } = buildPrompt({
      system: systemText(parts.nowMs()),
      past,
      user,
      contextTokens,
    });
    const last = dropped > 0 ? past[dropped - 1] : undefined;
    const preview =
      route && event.kind !== "stop"
        ? startPreview(parts, running, event.message.target, route)
        : undefined;
    try {
      const chat = { model: modelName, messages, maxTokens: answerTokens(contextTokens) };
      const result = await runTurn(
        chat,
        parts.model,
        sinkOf(parts, running),
        running.controller.signal,
      );
      return { result, problems, user, ...(last ? { contextFromSeq: last.seq } : {}) };
    } finally {
      await preview?.stop();
    }
  } catch (error) {
    return { result: decideFailure(error, false), problems, user };
  }
}

/** An answer of the assistant's own, in place of the model's. */
function refusal(text: string): { result: TurnResult; problems: string[] } {
  const usage = { model: "none", promptTokens: 0, outputTokens: 0, firstTokenMs: 0, totalMs: 0 };
  return { result: { status: "answered", text, usage, reason: "stop" }, problems: [] };
}

function sinkOf(parts: SessionParts, running: RunningTurn) {
  return {
    state(state: RunningTurn["state"]) {
      running.state = state;
    },
    text(delta: string) {
      const offset = running.text.length;
      running.text += delta;
      parts.readers.broadcast({ type: "delta", turnId: running.turnId, offset, text: delta });
    },
  };
}

/** The person's message as it is kept, with its files fetched. */
async function prepare(
  work: Work,
  route: Route | undefined,
): Promise<{ body: MessageBody; problems: string[] }> {
  const { parts, request, row, stoppedRows } = work;
  const { event, speaker } = request;
  if (event.kind === "stop" || event.message.media.length === 0)
    return { body: userBody(request, stoppedRows), problems: [] };
  const { media, problems } = await receiveMedia(parts, event.message.media, route, speaker.lang);
  const kept = { ...request, event: { ...event, message: { ...event.message, media } } };
  const body = userBody(kept, stoppedRows);
  const id = userMessageId(row.turnId);
  parts.history.replaceBody(id, await parts.history.seal(id, body));
  return { body, problems };
}

async function finish(work: Work, thought: Thought): Promise<void> {
  const { parts, row, request, running } = work;
  const { result } = thought;
  if (!parts.inbox.isQueued(row.seq) && result.status !== "stopped")
    return finishStopped(work, running.text);
  if (result.status === "stopped") {
    // Still queued: a newer edit took its place, and the row runs again with the new text.
    if (parts.inbox.isQueued(row.seq)) return report(work, "postponed", undefined, undefined);
    return finishStopped(work, result.text);
  }
  if (result.status === "postponed") return finishPostponed(work, result);
  const end =
    result.status === "failed"
      ? failedEnd(work, result.code)
      : answeredEnd(request, thought, result);
  const message = await commitTurn(parts, row, request, work.startedAtMs, end);
  if (message && result.status === "answered")
    parts.history.remember({ seq: message.seq, user: thought.user, assistant: result.text });
  close(work, message);
  const error = result.status === "failed" ? result.error : undefined;
  report(work, end.outcome, end.code, error, end.usage);
}

function answeredEnd(
  request: AcceptRequest,
  thought: Thought,
  result: Extract<TurnResult, { status: "answered" }>,
): Outcome {
  const { lang } = request.speaker;
  const text = result.text.trim() === "" ? phrase(lang, "emptyAnswer") : result.text;
  const notes = [
    ...thought.problems,
    ...(result.reason === "length" ? [phrase(lang, "cutLength")] : []),
  ];
  return {
    outcome: "answered",
    reply: [text, ...notes].join("\n\n"),
    kept: text,
    aside: result.usage.model === "none",
    usage: result.usage,
    ...(thought.contextFromSeq === undefined ? {} : { contextFromSeq: thought.contextFromSeq }),
  };
}

function failedEnd(work: Work, code: ErrorCode): Outcome {
  const reply = phrase(work.request.speaker.lang, failedPhrase(code));
  return { outcome: "failed", reply, aside: true, cut: "error", code };
}

async function finishStopped(work: Work, text: string): Promise<void> {
  const { parts, row, request } = work;
  const note = phrase(request.speaker.lang, "cutStopped");
  const reply = text.trim() === "" ? "" : `${text}\n\n${note}`;
  const message = await commitTurn(parts, row, request, work.startedAtMs, {
    outcome: "stopped",
    reply,
    kept: reply === "" ? "" : text,
    aside: true,
    cut: "stopped",
  });
  close(work, message);
  report(work, "stopped", undefined, undefined);
}

async function finishPostponed(
  work: Work,
  result: Extract<TurnResult, { status: "postponed" }>,
): Promise<void> {
  const { parts, row, request } = work;
  const { lang } = request.speaker;
  const hours = KEEP_MS / HOUR_MS;
  const decided = decidePostpone(
    row.acceptedAtMs,
    row.attempts + 1,
    parts.nowMs(),
    result.retryAfterMs,
  );
  if (decided.status === "give_up") {
    const reply = phrase(lang, "gaveUp", { hours });
    const message = await commitTurn(parts, row, request, work.startedAtMs, {
      outcome: "failed",
      reply,
      aside: true,
      cut: "error",
      code: result.code,
    });
    close(work, message);
    return report(work, "failed", result.code, result.error);
  }
  const model = parts.meta.get("model") ?? parts.defaultModel;
  const text = phrase(lang, waitingPhrase(result.code), { hours, model });
  const message = await commitNotice(parts, row, request, text, decided.nextAtMs);
  if (message) parts.readers.broadcast({ type: "message", message });
  parts.readers.broadcast({ type: "turn", turnId: row.turnId, text: "", state: "waiting" });
  report(work, "postponed", result.code, result.error);
}

function close(work: Work, message: ChatMessage | undefined): void {
  const { parts, row } = work;
  if (message) parts.readers.broadcast({ type: "message", message });
  parts.readers.broadcast({ type: "end", turnId: row.turnId });
  for (const wake of parts.waiters.get(row.turnId) ?? []) wake();
}

type Reported = Outcome["outcome"] | "postponed";

function report(
  work: Work,
  outcome: Reported,
  code: ErrorCode | undefined,
  error: unknown,
  usage?: Outcome["usage"],
): void {
  const { parts, row, request, startedAtMs } = work;
  emit({
    type: "turn:finished",
    turnId: row.turnId,
    session: parts.key,
    channel: request.account.split(":")[0] ?? "",
    outcome,
    ...(code ? { code } : {}),
    ...(error === undefined ? {} : { cause: describeError(error) }),
    ...(usage
      ? {
          model: usage.model,
          promptTokens: usage.promptTokens,
          outputTokens: usage.outputTokens,
          firstTokenMs: usage.firstTokenMs,
        }
      : {}),
    ms: parts.nowMs() - startedAtMs,
  });
}
