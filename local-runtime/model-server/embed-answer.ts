/** One /api/embed call: texts into unit vectors. */
import { availableBytes } from "../host-work/available-memory.ts";
import { decideContextCount } from "./context-slots.ts";
import type { ModelRunner } from "./model-runner.ts";
import type { ShelfModel } from "./model-shelf.ts";
import { BadRequest, type EmbedCall } from "./requests.ts";

interface EmbedJob {
  call: EmbedCall;
  model: ShelfModel;
  runner: ModelRunner;
  /** Fires when the client has gone. */
  signal: AbortSignal;
}

/** The answer's fields. Throws BadRequest, QueueFull, or what the engine throws. */
export async function embed({ call, model, runner, signal }: EmbedJob): Promise<object> {
  const { name, file, facts } = model;
  const { contextTokens, keepAliveMs, dimensions } = call;
  const decideContexts = () => decideContextCount(facts, contextTokens, availableBytes());
  const wanted = { name, file, contextTokens, keepAliveMs, decideContexts };
  const startedAtMs = performance.now();
  return await runner.run(wanted, signal, async (loaded, loadMs) => {
    const { vectors, promptTokens } = await loaded.embed(call.texts, call.truncate, signal);
    return {
      model: call.model,
      embeddings: vectors.map((vector) => toUnit(cut(vector, dimensions))),
      total_duration: Math.round((performance.now() - startedAtMs) * 1e6),
      load_duration: Math.round(loadMs * 1e6),
      prompt_eval_count: promptTokens,
    };
  });
}

function cut(vector: readonly number[], dimensions: number | undefined): readonly number[] {
  if (dimensions === undefined) return vector;
  if (dimensions > vector.length)
    throw new BadRequest(`the model's vectors have ${vector.length} dimensions`);
  return vector.slice(0, dimensions);
}

function toUnit(vector: readonly number[]): number[] {
  const length = Math.hypot(...vector);
  return vector.map((value) => (length === 0 ? 0 : value / length));
}
