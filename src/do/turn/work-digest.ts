/**
 * Reads a long document part by part, in the background: each part's notes are stored before the next is read, so that a
 * crash costs one part. It gives way to messages of its own conversation. When all is read, the message goes back to the
 * lane of turns, with the notes beside it, and is answered like any other.
 */
import { AppError, errorCode } from "../../core/errors.ts";
import type { PromptMessage } from "../../core/ports.ts";
import { emit } from "../../observability/emit.ts";
import { describeError } from "../../observability/redact.ts";
import { phrase } from "../../phrases/phrase.ts";
import { askModel, Said } from "../../turn/ask-model.ts";
import {
  ASKED_NOTE_TOKENS,
  buildNotesRequest,
  buildPartRequest,
  type DigestStep,
  decideStep,
  parseNotes,
} from "../../turn/digest.ts";
import { decideFailure } from "../../turn/run.ts";
import { startPreview } from "../delivery/preview.ts";
import { findRoute } from "../delivery/routes-out.ts";
import type { DigestBody } from "../session/digests.ts";
import type { SessionParts } from "../session/session-parts.ts";
import { targetOf } from "../session/stored-event.ts";
import { userMessageId } from "../session/turn-names.ts";
import type { Work } from "../session/work-head.ts";
import { endTurn, type TurnWork } from "./end-turn.ts";
import { keepBody } from "./prepare-message.ts";

/** No part begins later than this in one go: the alarm's time is bounded. */
const GO_MS = 60_000;
/** For one part, its wait in line included. */
const STEP_MS = 180_000;
/** How often a part makes way for a message before it is read to its end. */
const MAX_GIVEN_WAY = 2;
/** Tries for a part that the model fails on, where the failure is none that passes by itself. */
const MAX_TRIES = 3;

/** Undefined also while messages wait: they come first. */
export function digestDueAtMs({ inbox }: SessionParts): number | undefined {
  return inbox.queued("turn") > 0 ? undefined : inbox.head("digest")?.nextAtMs;
}

/** A message came: the part that is being read now is read again later. */
export function letDigestWait(parts: SessionParts): void {
  const { digestWork } = parts;
  if (digestWork.givenWay < MAX_GIVEN_WAY) digestWork.controller?.abort();
}

export async function workDigest({ running, ...rest }: Work): Promise<void> {
  if (!running) throw new TypeError("A document is read for a message that is not in hand.");
  const work: TurnWork = { ...rest, running };
  const { parts, row, request } = work;
  const plan = await parts.digests.open(row.turnId);
  if (!plan) return parts.inbox.move(row.seq, "digest", "turn");
  const route = await findRoute(parts.env, request.account);
  const preview =
    route && startPreview(parts, running, targetOf(request.event), route, request.speaker);
  try {
    await readOn(work, plan);
  } catch (error) {
    await endFailedStep(work, error);
  } finally {
    await preview?.stop();
  }
}

/** Reads parts until all are read, it is late, or somebody else comes first. Throws model/*. */
async function readOn(work: TurnWork, plan: DigestBody): Promise<void> {
  const { parts, row, running, startedAtMs } = work;
  const notes = await parts.digests.notes(row.turnId);
  while (parts.nowMs() - startedAtMs < GO_MS && parts.inbox.queued("turn") === 0) {
    const step = decideStep(plan, notes);
    if (step.kind === "done") return finish(work, plan, step.notes);
    running.progress = describeProgress(work, plan, step);
    const note = await makeNotes(work, plan, step);
    if (running.controller.signal.aborted) return endStopped(work);
    if (note === undefined) return; // gave way
    await keepNotes(work, step, note);
    if (running.controller.signal.aborted) return endStopped(work);
    notes[step.level - 1] = [...(notes[step.level - 1] ?? []), note];
  }
}

function describeProgress(
  { request }: TurnWork,
  { names }: DigestBody,
  { kind, index }: Exclude<DigestStep, { kind: "done" }>,
): string {
  const { lang } = request.speaker;
  if (kind === "notes") return phrase(lang, "documentJoining");
  const name = names[index] ?? "";
  return phrase(lang, "documentPart", { name, part: index + 1, count: names.length });
}

/** Undefined where it gave way to a message, or was taken back. Throws model/*. */
async function makeNotes(
  work: TurnWork,
  plan: DigestBody,
  step: Exclude<DigestStep, { kind: "done" }>,
): Promise<string | undefined> {
  const { parts, row } = work;
  const messages =
    step.kind === "part"
      ? buildPartRequest(plan, step.index, await parts.digests.text(row.turnId, step.index))
      : buildNotesRequest(plan, step.text);
  return ask(work, messages);
}

async function ask(
  { parts, request, row, running }: TurnWork,
  messages: PromptMessage[],
): Promise<string | undefined> {
  const { digestWork } = parts;
  const controller = new AbortController();
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), STEP_MS);
  const signal = AbortSignal.any([running.controller.signal, controller.signal, late.signal]);
  const { personId } = request.speaker;
  const chat = {
    caller: { personId, priority: "background", id: `${row.turnId}:digest` } as const,
    model: parts.meta.get("model") ?? parts.defaultModel,
    messages,
    maxTokens: ASKED_NOTE_TOKENS,
  };
  const said = new Said({ state: () => undefined, text: () => undefined });
  digestWork.controller = controller;
  try {
    const asked = await askModel(chat, parts.model, said, signal);
    if (asked) {
      Object.assign(digestWork, { givenWay: 0, failures: 0 });
      return parseNotes(said.text);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
    digestWork.controller = undefined;
  }
  if (running.controller.signal.aborted) return undefined;
  if (!controller.signal.aborted) throw new AppError("model/timeout");
  digestWork.givenWay += 1;
  return undefined;
}

async function keepNotes(
  { parts, row, request, running }: TurnWork,
  { level, index }: Exclude<DigestStep, { kind: "done" }>,
  note: string,
): Promise<void> {
  const place = { turnId: row.turnId, level, part: index };
  const sealed = await parts.digests.sealPart(place, note, request.speaker.personId);
  parts.commit(() => {
    if (running.controller.signal.aborted) return;
    parts.digests.put(row.turnId, level, index, sealed);
  });
}

/** All is read: the message goes back to where messages are answered. */
async function finish(work: TurnWork, plan: DigestBody, notes: string): Promise<void> {
  const { parts, row, running } = work;
  const name = [...new Set(plan.names)].join(", ");
  const documents = [{ name, how: "notes" as const, text: notes, isCut: plan.isCut }];
  const stored = await parts.history.openUser(userMessageId(row.turnId));
  if (!stored) return endStopped(work);
  await keepBody(work, { ...stored.body, documents }, () => {
    parts.digests.drop(row.turnId);
    parts.inbox.move(row.seq, "digest", "turn");
  });
  if (running.controller.signal.aborted) return endStopped(work);
  const ms = parts.nowMs() - row.acceptedAtMs;
  emit({ type: "document:read", session: parts.key, parts: plan.names.length, ms });
}

/** Taken back by a /stop; or by an edit, which waits as a turn already. */
function endStopped(work: TurnWork): Promise<void> {
  return endTurn(work, { result: { status: "stopped", text: "" }, problems: [], user: "" });
}

/** What passes by itself is tried again for a day; another failure a few times. */
async function endFailedStep(work: TurnWork, error: unknown): Promise<void> {
  const { parts, row, running } = work;
  if (running.controller.signal.aborted) return endStopped(work);
  const decided = decideFailure(error, false);
  parts.digestWork.failures += 1;
  const isWorthATry = decided.status === "failed" && parts.digestWork.failures < MAX_TRIES;
  const result = isWorthATry
    ? { status: "postponed" as const, code: decided.code, error }
    : decided;
  const cause = describeError(error);
  emit({ type: "fault", where: "document", code: errorCode(error), cause });
  if (result.status === "failed") parts.commit(() => parts.digests.drop(row.turnId));
  await endTurn(work, { result, problems: [], user: "" });
}
