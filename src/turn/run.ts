/** Stage 7: one call of the model, as an outcome. Every way it can end is a value; nothing of it is stored here. */
import { AppError, type ErrorCode, errorCode, isAppError } from "../core/errors.ts";
import type { ChatRequest, Model, ModelChunk, Usage } from "../core/ports.ts";
import type { QueuePlace, TurnState } from "../core/stream.ts";

export type TurnResult =
  | { status: "answered"; text: string; usage: Usage; reason: "stop" | "length" }
  /** The person stopped it, or a newer edit replaced it. */
  | { status: "stopped"; text: string }
  /** The model cannot answer now and nothing was shown: the message is kept and tried again. */
  | { status: "postponed"; code: ErrorCode; error: unknown; retryAfterMs?: number }
  | { status: "failed"; code: ErrorCode; error: unknown };

export interface TurnSink {
  /** `place` stands where the turn waits in line for the model server. */
  state(state: TurnState, place?: QueuePlace): void;
  text(delta: string): void;
}

/** Failures that pass by themselves, or when somebody repairs the model server. */
const POSTPONED: ReadonlySet<ErrorCode> = new Set([
  "model/unavailable",
  "model/busy",
  "model/queue_full",
  "model/out_of_memory",
  "model/missing",
]);

/** Longest answer that is kept; a model that talks for ever is cut here. */
const MAX_ANSWER_UNITS = 200_000;

/** Pure: what a failure makes of the turn, where `shown` says whether the person saw any of the answer. */
export function decideFailure(error: unknown, shown: boolean): TurnResult {
  const code = errorCode(error);
  if (shown || !POSTPONED.has(code)) return { status: "failed", code, error };
  const retryAfterMs = isAppError(error) ? error.retryAfterMs : undefined;
  return {
    status: "postponed",
    code,
    error,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

export async function runTurn(
  request: ChatRequest,
  model: Model,
  sink: TurnSink,
  signal: AbortSignal,
): Promise<TurnResult> {
  let text = "";
  sink.state("thinking");
  try {
    for await (const chunk of model.chat(request, signal)) {
      if (signal.aborted) return { status: "stopped", text };
      if (chunk.kind === "done")
        return { status: "answered", text, usage: chunk.usage, reason: chunk.reason };
      showPlace(sink, chunk);
      if (chunk.kind !== "text") continue;
      if (text === "") sink.state("answering");
      text += chunk.text;
      if (text.length > MAX_ANSWER_UNITS)
        throw new AppError("model/rejected", { detail: "The answer is too long." });
      sink.text(chunk.text);
    }
    throw new AppError("model/broken_stream");
  } catch (error) {
    return signal.aborted ? { status: "stopped", text } : decideFailure(error, text !== "");
  }
}

function showPlace(sink: TurnSink, chunk: ModelChunk): void {
  if (chunk.kind !== "waiting") return;
  const { position, etaMs } = chunk;
  if (position === 0) sink.state("thinking");
  else sink.state("waiting", { position, ...(etaMs === undefined ? {} : { etaMs }) });
}
