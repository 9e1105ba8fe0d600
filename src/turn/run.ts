/** Stage 7: the model's answer, as an outcome. Every way it can end is a value; nothing of it is stored here. */
import { AppError, type ErrorCode, errorCode, isAppError } from "../core/errors.ts";
import type { ChatRequest, Model, Usage } from "../core/ports.ts";
import type { TurnTools } from "../core/tools.ts";
import { type Asked, askModel, Said, type TurnSink } from "./ask-model.ts";
import { askByFormat } from "./format-loop.ts";
import { askWithTools } from "./tools-loop.ts";

export type TurnResult =
  | { status: "answered"; text: string; usage: Usage; reason: "stop" | "length" }
  /** The person stopped it, or a newer edit replaced it. */
  | { status: "stopped"; text: string }
  /** The model cannot answer now and nothing was shown: the message is kept and tried again. */
  | { status: "postponed"; code: ErrorCode; error: unknown; retryAfterMs?: number }
  | { status: "failed"; code: ErrorCode; error: unknown };

/** Failures that pass by themselves, or when somebody repairs the model server. */
const POSTPONED: ReadonlySet<ErrorCode> = new Set([
  "model/unavailable",
  "model/busy",
  "model/queue_full",
  "model/out_of_memory",
  "model/missing",
]);

/**
 * For all calls of the model, their waits in line and the tools together: the alarm that runs a turn is ended after
 * fifteen minutes, and begins no turn after two.
 */
export const TURN_MS = 750_000;

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
  model: Pick<Model, "chat">,
  sink: TurnSink,
  signal: AbortSignal,
  tools?: TurnTools,
): Promise<TurnResult> {
  const said = new Said(sink);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), TURN_MS);
  said.state("thinking");
  try {
    const either = AbortSignal.any([signal, late.signal]);
    const asked = await ask(request, model, said, either, tools);
    if (signal.aborted) return { status: "stopped", text: said.text };
    if (!asked) throw new AppError("model/timeout");
    return { status: "answered", text: said.text, usage: asked.usage, reason: asked.reason };
  } catch (error) {
    if (signal.aborted) return { status: "stopped", text: said.text };
    return decideFailure(
      late.signal.aborted ? new AppError("model/timeout") : error,
      said.text !== "",
    );
  } finally {
    clearTimeout(timer);
  }
}

function ask(
  request: ChatRequest,
  model: Pick<Model, "chat">,
  said: Said,
  signal: AbortSignal,
  tools: TurnTools | undefined,
): Promise<Asked | undefined> {
  if (!tools) return askModel(request, model, said, signal);
  const by = tools.how === "native" ? askWithTools : askByFormat;
  return by(request, model, said, signal, tools);
}
