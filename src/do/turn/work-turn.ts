/** Stages 6 to 8 for one row of the inbox: files, context, model. How it ends is in end-turn.ts. */
import { MAX_TEXT_UNITS } from "../../core/chat-protocol.ts";
import { parseAccountKey } from "../../core/ids.ts";
import type { Caller } from "../../core/ports.ts";
import { emit } from "../../observability/emit.ts";
import { phrase } from "../../phrases/phrase.ts";
import { decideFailure, runTurn } from "../../turn/run.ts";
import { UsageTally } from "../../turn/spent-tokens.ts";
import { startPreview } from "../delivery/preview.ts";
import { findRoute, type Route } from "../delivery/routes-out.ts";
import { describeUser, type MessageBody, writtenBy } from "../session/history.ts";
import { targetOf } from "../session/stored-event.ts";
import type { Work } from "../session/work-head.ts";
import { buildContext } from "./build-context.ts";
import { endTurn, type Thought, type TurnWork } from "./end-turn.ts";
import { openTools } from "./open-tools.ts";
import { placeDocuments } from "./place-documents.ts";
import { prepareMessage } from "./prepare-message.ts";
import { createTurnSink } from "./turn-sink.ts";

export async function workTurn({ running, ...work }: Work): Promise<void> {
  if (!running) throw new TypeError("A turn is worked on that does not run.");
  const { parts, row, request, startedAtMs } = work;
  const { turnId } = row;
  emit({
    type: "turn:started",
    turnId,
    session: parts.key,
    channel: parseAccountKey(request.account).channel,
    queuedMs: startedAtMs - row.acceptedAtMs,
  });
  parts.readers.broadcast({ type: "turn", turnId, text: "", state: "thinking" });
  const turn = { ...work, running };
  await endTurn(turn, await think(turn));
}

async function think(work: TurnWork): Promise<Thought> {
  const { parts, request } = work;
  const { event, speaker } = request;
  const units = event.kind === "stop" ? 0 : event.message.text.length;
  if (units > MAX_TEXT_UNITS) {
    const text = phrase(speaker.lang, "tooLong", { max: MAX_TEXT_UNITS });
    return { result: { status: "refused", text }, problems: [], user: "" };
  }
  const route = await findRoute(parts.env, request.account);
  const prepared = await prepareMessage(work, route);
  const { problems, isLost, full } = prepared;
  const told = toldOf(prepared.body, problems);
  if (full) return { ...told, result: decideFailure(full, false) };
  if (isLost) return { ...told, result: { status: "refused", text: problems.join("\n\n") } };
  try {
    const placed = await placeDocuments(work, prepared);
    if (placed.status === "handed_over") return { ...told, result: placed };
    const whole = toldOf(placed.body, problems);
    return { ...whole, ...(await askModel(work, route, whole)) };
  } catch (error) {
    return { ...told, result: decideFailure(error, false) };
  }
}

function toldOf(body: MessageBody, problems: string[]): Told {
  const { pictures } = body;
  const told = { problems, user: describeUser(body), ...writtenBy(body) };
  return { ...told, ...(pictures ? { pictures } : {}) };
}

type Told = Pick<Thought, "user" | "written" | "pictures" | "problems">;
type Asked = Omit<Thought, "user" | "written" | "pictures">;

/** A chat that the server finds too long was estimated too small: it is asked again with less, a few times at most. */
async function askModel(work: TurnWork, route: Route | undefined, told: Told): Promise<Asked> {
  const { model, ...asked } = await askOnce(work, route, told);
  const { result } = asked;
  const isTooLong = result.status === "failed" && result.code === "model/too_long";
  if (!isTooLong || work.running.text !== "" || !work.parts.tokenRates.raise(model)) return asked;
  return askModel(work, route, told);
}

async function askOnce(
  work: TurnWork,
  route: Route | undefined,
  { problems, ...saying }: Told,
): Promise<Asked & { model: string }> {
  const { parts, request, running } = work;
  const { pictures } = saying;
  const said = { atMs: work.row.acceptedAtMs, ...saying };
  const context = await buildContext(parts, said, (texts, profile) =>
    openTools(work, texts, profile),
  );
  const { chat, tools, changes, canSee, picturesTold, ...told } = context;
  const { lang } = request.speaker;
  const total = pictures?.length ?? 0;
  if (total > 0 && !canSee) {
    const text = [...problems, phrase(lang, "noVision", { model: told.model })].join("\n\n");
    return { ...told, problems, result: { status: "refused", text } };
  }
  const left =
    picturesTold < total ? [phrase(lang, "picturesLeft", { count: picturesTold, total })] : [];
  const target = targetOf(request.event);
  const preview = route && startPreview(parts, running, target, route, request.speaker);
  try {
    const granted = request.speaker.access?.models;
    const asked = { ...chat, caller: callerOf(work), ...(granted ? { granted } : {}) };
    const sink = createTurnSink(parts, running);
    running.tally ??= new UsageTally(told.model, parts.nowMs);
    const model = running.tally.over(parts.model);
    const result = await runTurn(asked, model, sink, running.controller.signal, tools);
    return { result, changes, ...told, problems: [...problems, ...left] };
  } finally {
    await preview?.stop();
  }
}

/**
 * The person of this turn. In the web chat nothing but the page brings him the answer: while no page is open, those who
 * watch theirs go first.
 */
function callerOf({ parts, request, row }: TurnWork): Caller {
  const isPageOnly = parseAccountKey(request.account).channel === "web";
  return {
    id: row.turnId,
    personId: request.speaker.personId,
    get priority() {
      return isPageOnly && !parts.readers.isWatched ? "background" : "interactive";
    },
  };
}
