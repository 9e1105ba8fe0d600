/** What is said about the memory that a model takes, beside what is there. Pure. */
import type { ModelFacts } from "../model-server/model-facts.ts";
import { neededBytes } from "../model-server/model-facts.ts";

export interface MemoryAdvice {
  neededBytes: number;
  availableBytes: number;
  fits: boolean;
  text: string;
}

export function adviseMemory(
  facts: Pick<ModelFacts, "sizeBytes" | "tokenBytes" | "contextTokens">,
  wantedContextTokens: number,
  availableBytes: number,
): MemoryAdvice {
  const contextTokens = Math.min(wantedContextTokens, facts.contextTokens);
  const needed = neededBytes(facts, contextTokens);
  const text = `it takes about ${gigabytes(needed)} with a context of ${contextTokens} tokens; ${gigabytes(availableBytes)} are available`;
  return { neededBytes: needed, availableBytes, fits: needed <= availableBytes, text };
}

export function gigabytes(sizeBytes: number): string {
  return `${(sizeBytes / 1e9).toFixed(1)} GB`;
}
