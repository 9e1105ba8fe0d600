/**
 * How a model's tokenizer differs from our estimate: tokens that its server counts for each one that we estimate,
 * learnt from every answer. It rises at once and falls slowly, so that it errs on the safe side. Pure.
 */
import type { ChatRequest, Model, ModelChunk } from "../core/ports.ts";
import { estimatePrompt } from "./tokens.ts";

/** What one answer taught. */
export interface TokenCount {
  model: string;
  estimated: number;
  /** By the server; 0 where it does not say. */
  counted: number;
}

export const MIN_RATE = 0.5;
export const MAX_RATE = 2;
/** How far one answer brings the rate down. */
const FALL_SHARE = 0.25;
const RAISE_FACTOR = 1.4;
/** Below this share of what was expected, the server has not read the whole prompt. */
const WHOLE_SHARE = 0.8;
/** Left free for a text that the tokenizer likes less than those before it. */
const MARGIN = 1.1;
/** A shorter prompt says more about the server's template than about its tokenizer. */
const MIN_TAUGHT_TOKENS = 64;

/** A count that no tokenizer explains teaches nothing. `rate` is undefined until the first answer. */
export function learnRate(rate: number | undefined, count: TokenCount): number | undefined {
  const { estimated, counted } = count;
  if (estimated < MIN_TAUGHT_TOKENS || counted < estimated * MIN_RATE) return rate;
  const seen = Math.min(MAX_RATE, counted / estimated);
  if (rate === undefined || seen >= rate) return seen;
  return rate + (seen - rate) * FALL_SHARE;
}

/** After a chat that the server found too long. */
export function raiseRate(rate = 1): number {
  return Math.min(MAX_RATE, rate * RAISE_FACTOR);
}

/** True where the server says that it read much less than it was sent: it may have cut the prompt silently. */
export function isUndercounted(rate: number | undefined, count: TokenCount): boolean {
  const { estimated, counted } = count;
  if (counted === 0 || estimated < MIN_TAUGHT_TOKENS) return false;
  return counted < estimated * (rate === undefined ? MIN_RATE : rate * WHOLE_SHARE);
}

/** Estimated tokens that fit into `tokens` of this model's. Until it has answered, the estimate is safe enough. */
export function estimateWithin(tokens: number, rate: number | undefined): number {
  return Math.floor(rate === undefined ? tokens : tokens / Math.min(MAX_RATE, rate * MARGIN));
}

/** The same model, and `seen` is told what each whole answer teaches. Pictures teach nothing of text. */
export function countTokens(model: Model, seen: (count: TokenCount) => void): Model {
  async function* chat(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ModelChunk> {
    const { messages, tools } = request;
    const isText = messages.every(({ images = [] }) => images.length === 0);
    for await (const chunk of model.chat(request, signal)) {
      if (chunk.kind === "done" && isText)
        seen({
          model: chunk.usage.model,
          estimated: estimatePrompt(messages, tools),
          counted: chunk.usage.promptTokens,
        });
      yield chunk;
    }
  }
  return {
    chat,
    state: () => model.state(),
    profile: (name) => model.profile(name),
    embed: (request, signal) => model.embed(request, signal),
  };
}
