/** The ways a turn ends: what the person reads of each, what is kept of it, and who is told. */
import type { ErrorCode } from "../../core/errors.ts";
import type { Usage } from "../../core/ports.ts";
import { phrase } from "../../phrases/phrase.ts";
import type { Picture } from "../../turn/pictures.ts";
import { decidePostpone, failedPhrase, KEEP_MS, waitingPhrase } from "../../turn/postpone.ts";
import type { TurnResult } from "../../turn/run.ts";
import { openRedactors } from "../isolate.ts";
import type { RunningTurn, SessionParts } from "../session/session-parts.ts";
import { replyKey } from "../session/turn-names.ts";
import type { Work } from "../session/work-head.ts";
import type { PromptFill } from "./build-context.ts";
import { commitNotice, commitTurn, type TurnEnd } from "./commit.ts";
import { reportTurn } from "./report-turn.ts";
import { planSummary } from "./work-summary.ts";

const HOUR_MS = 3_600_000;

export interface TurnWork extends Work {
  running: RunningTurn;
}

/** What came of thinking about a message. */
export interface Thought {
  /** `refused`: the assistant's own words, in place of the model's. `handed_over`: another lane goes on with it. */
  result: TurnResult | { status: "refused"; text: string } | { status: "handed_over" };
  /** Sentences about files that were not kept. */
  problems: string[];
  /** The message as the model was told it. */
  user: string;
  /** What the person wrote himself, where the model was told more. */
  written?: string;
  /** Its pictures that a model can be shown. */
  pictures?: readonly Picture[];
  /** Turns asked up to this position no longer fit into the model's context. */
  droppedThroughSeq?: number | undefined;
  /** The message itself did not fit: the model was told its beginning and its end. */
  isCut?: boolean;
  fill?: PromptFill;
  /** What the turn's tools change in the session, with the transaction that stores the answer. */
  changes?: readonly (() => void)[];
}

export async function endTurn(work: TurnWork, thought: Thought): Promise<void> {
  const { result } = thought;
  switch (result.status) {
    case "answered":
      return endAnswered(work, thought, result);
    case "refused":
      await store(work, { outcome: "answered", reply: result.text, aside: true });
      return;
    case "handed_over":
      return endHandedOver(work);
    case "failed":
      return endFailed(work, result.code, result.error, failedPhrase(result.code));
    case "postponed":
      return postpone(work, result);
    default:
      return endTakenBack(work);
  }
}

/** True where the end is what was asked for; false where the row was taken back meanwhile, and ended as that. */
async function store(work: TurnWork, end: TurnEnd, error?: unknown): Promise<boolean> {
  const committed = await commitTurn(work, end);
  if (committed.status === "taken_back") {
    await endTakenBack(work);
    return false;
  }
  const { outcome, code, usage } = end;
  // Last: whoever asks for the turn after this finds that it runs no more, and must not wait for an end that was told.
  work.parts.readers.end(work.row.turnId, committed.message);
  reportTurn(work, { outcome, error, ...(code ? { code } : {}), ...(usage ? { usage } : {}) });
  return true;
}

async function endHandedOver(work: TurnWork): Promise<void> {
  if (work.running.controller.signal.aborted) return endTakenBack(work);
  reportTurn(work, { outcome: "postponed" });
}

async function endAnswered(
  work: TurnWork,
  thought: Thought,
  answer: { text: string; usage: Usage; reason: "stop" | "length" },
): Promise<void> {
  const { lang } = work.request.speaker;
  const { stored } = openRedactors(work.parts.env);
  const text = answer.text.trim() === "" ? phrase(lang, "emptyAnswer") : stored.mask(answer.text);
  const notes = [...thought.problems];
  if (thought.isCut) notes.push(phrase(lang, "cutMessage"));
  if (answer.reason === "length") notes.push(phrase(lang, "cutLength"));
  const isStored = await store(work, {
    outcome: "answered",
    reply: [text, ...notes].join("\n\n"),
    kept: text,
    aside: false,
    usage: answer.usage,
    droppedThroughSeq: thought.droppedThroughSeq,
    change: () => {
      for (const change of thought.changes ?? []) change();
    },
  });
  if (!isStored) return;
  const { seq, row } = work;
  const { user, written, pictures } = thought;
  const told = { user, ...(written === undefined ? {} : { written }) };
  const said = { seq, atMs: row.acceptedAtMs, ...told, ...(pictures ? { pictures } : {}) };
  const turn = { ...said, assistant: text };
  work.parts.past.remember(turn);
  if (thought.fill) planSummary(work.parts, thought.fill, turn, work.request);
}

async function endFailed(
  work: TurnWork,
  code: ErrorCode,
  error: unknown,
  name: ReturnType<typeof failedPhrase> | "gaveUp",
): Promise<void> {
  const reply =
    code === "model/not_granted"
      ? await describeGrants(work)
      : phrase(work.request.speaker.lang, name, { hours: KEEP_MS / HOUR_MS });
  const end = { outcome: "failed", reply, aside: true, cut: "error", code } as const;
  await store(work, { ...end, ...spentBy(work) }, error);
}

/** Of an answer that did not come to its end. */
function spentBy({ running }: TurnWork): { usage?: Usage } {
  const usage = running.tally?.usage;
  return usage ? { usage } : {};
}

async function describeGrants({ parts, request }: TurnWork): Promise<string> {
  const { lang, access } = request.speaker;
  const models = (access?.models ?? []).join(", ");
  return phrase(lang, "modelNotGranted", { model: await nameModel(parts), models });
}

/** What was said until the person stopped it; nothing where it was erased. A newer edit runs again with its text. */
async function endTakenBack(work: TurnWork): Promise<void> {
  const { parts, row, request, running } = work;
  if (parts.inbox.isQueued(row.seq)) return reportTurn(work, { outcome: "postponed" });
  const text = openRedactors(parts.env).stored.mask(running.text);
  const note = phrase(request.speaker.lang, "cutStopped");
  const end = { outcome: "stopped", aside: true, cut: "stopped", ...spentBy(work) } as const;
  const hasText = text.trim() !== "";
  // A message that showed the place in line, or an answer before a crash, must not stand there as if it went on.
  const isShown = parts.outbox.find(replyKey(row.turnId, 0))?.ref !== undefined;
  await store(work, {
    ...end,
    reply: hasText ? `${text}\n\n${note}` : isShown ? note : "",
    kept: hasText ? text : "",
  });
}

async function postpone(
  work: TurnWork,
  { code, error, retryAfterMs }: Extract<TurnResult, { status: "postponed" }>,
): Promise<void> {
  const { parts, row, request } = work;
  const decided = decidePostpone(row.acceptedAtMs, row.attempts + 1, parts.nowMs(), retryAfterMs);
  if (decided.status === "give_up") return endFailed(work, code, error, "gaveUp");
  const hours = KEEP_MS / HOUR_MS;
  const model = code === "model/out_of_memory" ? await nameModel(parts) : "";
  const text = phrase(request.speaker.lang, waitingPhrase(code), { hours, model });
  const committed = await commitNotice(work, text, decided.nextAtMs);
  if (committed.status === "taken_back") return endTakenBack(work);
  const { message } = committed;
  if (message) parts.readers.broadcast({ type: "message", message });
  parts.readers.broadcast({ type: "turn", turnId: row.turnId, text: "", state: "waiting" });
  reportTurn(work, { outcome: "postponed", code, error });
}

/** `auto` says nothing to a person: what it means now does. */
async function nameModel({ meta, model, defaultModel }: SessionParts): Promise<string> {
  const wanted = meta.get("model") ?? defaultModel;
  const state = wanted === "auto" ? await model.state() : undefined;
  return (state?.status === "up" ? state.chosen : undefined) ?? wanted;
}
