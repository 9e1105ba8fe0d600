/**
 * Evaluates a prompt piece by piece before the answer is asked for: the engine's library does not look at the client
 * between the pieces of its own, and a long prompt takes a small box minutes that nobody waits for any more.
 */
import type { Sequence } from "./llama-library.ts";

/** A second or two on a slow box; larger pieces are hardly faster. */
export const PREFILL_TOKENS = 64;

export type PrefilledSequence = Pick<
  Sequence,
  "adaptStateToTokens" | "evaluateWithoutGeneratingNewTokens" | "nextTokenIndex"
>;

/** All but the last token, from which the answer's first one is chosen. Throws the signal's reason. */
export async function prefill(
  sequence: PrefilledSequence,
  prompt: readonly number[],
  signal: AbortSignal,
): Promise<void> {
  const end = prompt.length - 1;
  await sequence.adaptStateToTokens(prompt.slice(0, Math.max(0, end)), false);
  for (let at = sequence.nextTokenIndex; at < end; at = sequence.nextTokenIndex) {
    signal.throwIfAborted();
    const piece = prompt.slice(at, Math.min(at + PREFILL_TOKENS, end));
    await sequence.evaluateWithoutGeneratingNewTokens(piece);
  }
  signal.throwIfAborted();
}
