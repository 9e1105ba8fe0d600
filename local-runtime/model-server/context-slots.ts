/**
 * Which of a model's contexts takes a prompt, and how many contexts there are. Each keeps what its last call evaluated: a
 * conversation that goes on finds its own, so that people who write in turn do not evaluate everything anew. Pure.
 */
import { type ModelFacts, neededBytes } from "./model-facts.ts";

export const MAX_CONTEXTS = 4;
/** Of the memory that the model with one context leaves available: what further contexts may take. */
const SPARE_SHARE = 0.25;
/** A prompt goes on with what a context holds where it begins with so much of it. */
const SAME_TALK_SHARE = 0.5;

export interface ContextState {
  /** What it holds. */
  tokens: readonly number[];
  /** Rises with each call that took it; 0 where none did. */
  usedAt: number;
}

/** Index of the context that holds most of the prompt's begin; of one that was not used for longest where none does. */
export function decideContext(
  contexts: readonly ContextState[],
  prompt: readonly number[],
): number {
  const shared = contexts.map(({ tokens }) => countShared(tokens, prompt));
  const goesOn = contexts.flatMap(({ tokens }, index) =>
    tokens.length > 0 && (shared[index] ?? 0) >= tokens.length * SAME_TALK_SHARE ? [index] : [],
  );
  const [best] = goesOn.toSorted((a, b) => (shared[b] ?? 0) - (shared[a] ?? 0));
  if (best !== undefined) return best;
  const oldest = Math.min(...contexts.map(({ usedAt }) => usedAt));
  return contexts.findIndex(({ usedAt }) => usedAt === oldest);
}

function countShared(tokens: readonly number[], prompt: readonly number[]): number {
  const different = tokens.findIndex((token, index) => token !== prompt[index]);
  return different < 0 ? tokens.length : different;
}

/** At least one. */
export function decideContextCount(
  facts: Pick<ModelFacts, "sizeBytes" | "tokenBytes" | "contextTokens">,
  contextTokens: number,
  availableBytes: number,
): number {
  const contextBytes = facts.tokenBytes * Math.min(contextTokens, facts.contextTokens);
  const spareBytes = (availableBytes - neededBytes(facts, contextTokens)) * SPARE_SHARE;
  const further = contextBytes === 0 ? 0 : Math.floor(spareBytes / contextBytes);
  return 1 + Math.min(MAX_CONTEXTS - 1, Math.max(0, further));
}
