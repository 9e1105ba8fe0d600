/**
 * Summarises older turns in the background, before their room is needed. It waits for a quiet moment and gives way to
 * every message; where it fails, turns are dropped when their room is needed, and summarised later.
 */
import { AppError, errorCode } from "../../core/errors.ts";
import type { ChatRequest } from "../../core/ports.ts";
import type { AcceptRequest } from "../../core/session-protocol.ts";
import { emit } from "../../observability/emit.ts";
import { describeError } from "../../observability/redact.ts";
import type { Owner } from "../../security/keyring.ts";
import { buildPrompt, type PastTurn, promptRoom } from "../../turn/context.ts";
import { buildSummaryRequest, parseSummary } from "../../turn/summary.ts";
import { estimateTokens } from "../../turn/tokens.ts";
import { decideSummary } from "../../turn/window.ts";
import type { SessionParts } from "../session/session-parts.ts";
import { conversationOf } from "../session/stored-event.ts";
import {
  type ModelSpace,
  type OpenedNotes,
  openNotes,
  openSpace,
  type PromptFill,
} from "./build-context.ts";

/** After an answer: who reads it may well write again at once. */
const QUIET_MS = 5_000;
/** For the model's whole answer. */
const TIMEOUT_MS = 180_000;
const FIRST_RETRY_MS = 60_000;
const MAX_RETRY_MS = 3_600_000;
/** A longer answer is no summary. */
const MAX_ANSWER_UNITS = 20_000;

type Finished = { outcome: "made" | "unwanted" | "nothing"; turns: number };

interface Task extends Omit<ModelSpace, "profile"> {
  turns: readonly PastTurn[];
  /** The summary will reach to this position. */
  throughSeq: number;
}

/** Plans a summary where the past, with the turn that has just ended, takes much of its space. */
export function planSummary(
  parts: SessionParts,
  fill: PromptFill,
  { user, assistant }: Pick<PastTurn, "user" | "assistant">,
  { speaker, event }: Pick<AcceptRequest, "speaker" | "event">,
): void {
  const userTokens = estimateTokens(user);
  const turnTokens = [...fill.turnTokens, userTokens + estimateTokens(assistant)];
  const step = decideSummary(turnTokens, fill.budgetTokens + userTokens);
  const isDue = fill.hasGap || step !== undefined;
  parts.summaryWork.dueAtMs = isDue ? parts.nowMs() + QUIET_MS : undefined;
  const { personId } = speaker;
  const owner: Owner = conversationOf(event).kind === "direct" ? personId : "box";
  const { reservedTokens } = fill;
  Object.assign(parts.summaryWork, { personId, owner, reservedTokens });
}

/** Undefined also while messages wait: they come first. */
export function summaryDueAtMs({ summaryWork, inbox }: SessionParts): number | undefined {
  const { dueAtMs, notBeforeMs } = summaryWork;
  if (dueAtMs === undefined || inbox.queued("turn") > 0) return undefined;
  return Math.max(dueAtMs, notBeforeMs);
}

/** A message came: what is being summarised now is summarised later. */
export function giveWay({ summaryWork }: SessionParts): void {
  summaryWork.controller?.abort();
}

export async function workSummary(parts: SessionParts): Promise<void> {
  const { summaryWork } = parts;
  const startedAtMs = parts.nowMs();
  const plannedAtMs = summaryWork.dueAtMs;
  const controller = new AbortController();
  Object.assign(summaryWork, { dueAtMs: undefined, controller });
  const report = (rest: { outcome: SummaryOutcome; turns: number; error?: unknown }) =>
    reportSummary(parts, startedAtMs, rest);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    controller.abort();
  }, TIMEOUT_MS);
  try {
    const { outcome, turns } = await summarise(parts, controller.signal);
    summaryWork.failures = 0;
    if (outcome !== "nothing") report({ outcome, turns });
  } catch (error) {
    const gaveWay = controller.signal.aborted && !isLate;
    summaryWork.dueAtMs ??= plannedAtMs;
    if (!gaveWay) putOff(parts);
    report(gaveWay ? { outcome: "gave_way", turns: 0 } : { outcome: "failed", turns: 0, error });
  } finally {
    clearTimeout(timer);
    summaryWork.controller = undefined;
  }
}

type SummaryOutcome = "made" | "unwanted" | "gave_way" | "failed";

function reportSummary(
  parts: SessionParts,
  startedAtMs: number,
  { error, ...rest }: { outcome: SummaryOutcome; turns: number; error?: unknown },
): void {
  const failure =
    error === undefined ? {} : { code: errorCode(error), cause: describeError(error) };
  const ms = parts.nowMs() - startedAtMs;
  emit({ type: "summary:finished", session: parts.key, ...rest, ...failure, ms });
}

function putOff({ summaryWork, nowMs }: SessionParts): void {
  const waitMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(summaryWork.failures, 10));
  summaryWork.failures += 1;
  summaryWork.notBeforeMs = nowMs() + waitMs;
}

/** Throws model/*, and the signal's reason. */
async function summarise(parts: SessionParts, signal: AbortSignal): Promise<Finished> {
  const freshFromSeq = parts.meta.get("contextFromSeq");
  const opened = await openNotes(parts);
  const task = await findTask(parts, opened);
  if (!task) return { outcome: "nothing", turns: 0 };
  const { model, space, turns, throughSeq } = task;
  const request = buildSummaryRequest({ ...space, notes: opened.notes, past: turns });
  const personId = parts.summaryWork.personId ?? "summary";
  const caller = { personId, priority: "background" } as const;
  const answer = await ask(parts, { ...request, caller, model }, signal);
  const text = parseSummary(answer, space.contextTokens);
  if (text === undefined) throw new AppError("model/rejected", { detail: "The summary is empty." });
  const sealed = await parts.summaries.seal({ throughSeq, text }, parts.summaryWork.owner ?? "box");
  return parts.commit((): Finished => {
    const isWanted =
      parts.history.hasSeq(throughSeq) && parts.meta.get("contextFromSeq") === freshFromSeq;
    if (!isWanted) return { outcome: "unwanted", turns: 0 };
    parts.summaries.replace(throughSeq, sealed, parts.nowMs());
    return { outcome: "made", turns: turns.length };
  });
}

/** Turns that were dropped come first; else the older half of those that are told, if they take much space. */
async function findTask(
  parts: SessionParts,
  { notes, fromSeq, coveredSeq }: OpenedNotes,
): Promise<Task | undefined> {
  const { model, space } = await openSpace(parts);
  const room = promptRoom(space);
  const hasGap = fromSeq > coveredSeq;
  const dropped = hasGap ? await parts.past.between(coveredSeq, fromSeq, room) : [];
  if (dropped.length > 0) return { model, space, turns: dropped, throughSeq: fromSeq };
  const past = await parts.past.after(fromSeq, room);
  const said = { atMs: past.at(-1)?.atMs ?? 0, user: "" };
  const { reservedTokens } = parts.summaryWork;
  const prompt = buildPrompt({ ...space, reservedTokens, notes, past, said });
  const step = decideSummary(prompt.turnTokens, prompt.budgetTokens);
  const turns = past.slice(0, step?.turns ?? 0);
  const last = turns.at(-1);
  return last && { model, space, turns, throughSeq: last.seq };
}

/** The whole answer. Throws model/*, and the signal's reason. */
async function ask(
  parts: SessionParts,
  request: ChatRequest,
  signal: AbortSignal,
): Promise<string> {
  let text = "";
  for await (const chunk of parts.model.chat(request, signal)) {
    signal.throwIfAborted();
    if (chunk.kind === "done") return text;
    if (chunk.kind === "text") text += chunk.text;
    if (text.length > MAX_ANSWER_UNITS)
      throw new AppError("model/rejected", { detail: "The summary is too long." });
  }
  signal.throwIfAborted();
  throw new AppError("model/broken_stream");
}
