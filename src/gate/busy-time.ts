/** How long a model server still works on a call that was cut off: it notices late, and says nothing of it. Pure. */
import { MAX_BUSY_MS } from "./leases.ts";

/** A server that writes notices at its next token: one that is slower than this is not waited for. */
export const MAX_TOKEN_MS = 2_000;
/** Guessed for a prompt before any was measured. */
export const FIRST_PROMPT_MS = 1_000;

export interface CutCall {
  /** Since the call was sent. */
  elapsedMs: number;
  /** From the call to its first token; undefined where none came. */
  firstTokenMs: number | undefined;
  chunks: number;
  /** What prompts usually take; undefined before any was measured. */
  usualFirstTokenMs: number | undefined;
}

export function estimateBusyMs(call: CutCall): number {
  const { elapsedMs, firstTokenMs, chunks, usualFirstTokenMs = FIRST_PROMPT_MS } = call;
  if (firstTokenMs === undefined)
    return Math.min(MAX_BUSY_MS, Math.max(0, usualFirstTokenMs - elapsedMs));
  return Math.min(MAX_TOKEN_MS, (elapsedMs - firstTokenMs) / Math.max(1, chunks));
}
