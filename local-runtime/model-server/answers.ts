/** What the model server answers, in the form of Ollama. Pure. */
import type { EngineEnd, EnginePiece, EngineToolCall } from "./engine.ts";
import { type ModelFacts, readableParameters } from "./model-facts.ts";
import type { Loaded } from "./model-runner.ts";

/** A date after every model's life, for one that is never unloaded. */
const NEVER = "9999-12-31T23:59:59Z";

export interface ServedModel {
  name: string;
  /** Absolute. */
  file: string;
  sha256?: string;
}

export interface Timing {
  loadMs: number;
  totalMs: number;
}

export function renderPiece(model: string, piece: EnginePiece, nowMs: number): string {
  const message =
    piece.kind === "tool_call"
      ? { content: "", tool_calls: [renderToolCall(piece.call)] }
      : piece.kind === "thinking"
        ? { content: "", thinking: piece.text }
        : { content: piece.text };
  return line({ ...stamp(model, nowMs), message: { role: "assistant", ...message }, done: false });
}

/** `message` is empty at the end of a stream, and holds everything where there was none. */
export function renderEnd(
  model: string,
  message: { content: string; thinking?: string; tool_calls?: object[] },
  end: EngineEnd & Timing,
  nowMs: number,
): string {
  return line({
    ...stamp(model, nowMs),
    message: { role: "assistant", ...message },
    done: true,
    done_reason: end.reason,
    total_duration: nanoseconds(end.totalMs),
    load_duration: nanoseconds(end.loadMs),
    prompt_eval_count: end.promptTokens,
    // Ours, not Ollama's: of the tokens above, those that an earlier call had left evaluated.
    prompt_cached_count: end.cachedTokens,
    prompt_eval_duration: nanoseconds(end.promptMs),
    eval_count: end.outputTokens,
    eval_duration: nanoseconds(end.outputMs),
  });
}

export function renderToolCall({ name, arguments: given }: EngineToolCall): object {
  return { function: { name, arguments: given } };
}

/** The answer to a call without messages. */
export function renderLoad(model: string, reason: "load" | "unload", nowMs: number): string {
  const message = { role: "assistant", content: "" };
  return line({ ...stamp(model, nowMs), message, done: true, done_reason: reason });
}

export function renderTag(model: ServedModel, facts: ModelFacts, modifiedAtMs: number): object {
  return {
    ...nameOf(model),
    modified_at: new Date(modifiedAtMs).toISOString(),
    size: facts.sizeBytes,
    digest: model.sha256 ?? "",
    details: detailsOf(facts),
    capabilities: facts.capabilities,
  };
}

export function renderShow(facts: ModelFacts): object {
  return {
    details: detailsOf(facts),
    model_info: {
      "general.architecture": facts.architecture,
      "general.parameter_count": facts.parameters,
      [`${facts.architecture}.context_length`]: facts.contextTokens,
    },
    capabilities: facts.capabilities,
  };
}

export function renderLoaded(loaded: Loaded, facts: ModelFacts, sizeBytes: number): object {
  const { expiresAtMs } = loaded;
  return {
    ...nameOf(loaded),
    size: sizeBytes,
    size_vram: 0,
    details: detailsOf(facts),
    expires_at: Number.isFinite(expiresAtMs) ? new Date(expiresAtMs).toISOString() : NEVER,
    // What was asked for: a client compares it with what it asks for next.
    context_length: Math.min(loaded.askedContextTokens, facts.contextTokens),
  };
}

/** With the tag that a name without one stands for. */
function nameOf({ name }: { name: string }): { name: string; model: string } {
  const full = name.includes(":") ? name : `${name}:latest`;
  return { name: full, model: full };
}

function detailsOf(facts: ModelFacts): object {
  return {
    format: "gguf",
    family: facts.architecture,
    families: [facts.architecture],
    parameter_size: readableParameters(facts.parameters),
    quantization_level: facts.quantization,
  };
}

function stamp(model: string, nowMs: number): object {
  return { model, created_at: new Date(nowMs).toISOString() };
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

function nanoseconds(timeMs: number): number {
  return Math.round(timeMs * 1e6);
}
