/** What becomes of a message that the model cannot answer now. Pure. */
import type { ErrorCode } from "../core/errors.ts";

/** How long a message is kept for a model that is away. */
export const KEEP_MS = 24 * 3_600_000;
const FIRST_WAIT_MS = 2_000;
const MAX_WAIT_MS = 30_000;

export type Postponed =
  | { status: "wait"; nextAtMs: number }
  /** Kept long enough: the person is told, and the message is let go. */
  | { status: "give_up" };

/** `attempts` counts the tries so far, this one included. */
export function decidePostpone(
  acceptedAtMs: number,
  attempts: number,
  nowMs: number,
  retryAfterMs: number | undefined,
): Postponed {
  if (nowMs - acceptedAtMs >= KEEP_MS) return { status: "give_up" };
  const backoff = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempts - 1, 10));
  const wait = Math.min(MAX_WAIT_MS, Math.max(backoff, retryAfterMs ?? 0));
  return { status: "wait", nextAtMs: nowMs + wait };
}

/** The sentence that tells the person why it takes longer; a key of the phrase table. */
export function waitingPhrase(
  code: ErrorCode,
): "waitingModel" | "waitingBusy" | "waitingFull" | "waitingMemory" | "waitingMissing" {
  switch (code) {
    case "model/busy":
      return "waitingBusy";
    case "model/queue_full":
      return "waitingFull";
    case "model/out_of_memory":
      return "waitingMemory";
    case "model/missing":
      return "waitingMissing";
    default:
      return "waitingModel";
  }
}

/** The sentence that stands in for an answer that failed; a key of the phrase table. */
export function failedPhrase(
  code: ErrorCode,
): "failedTimeout" | "failedBroken" | "failedRejected" | "failedRemote" | "failedInternal" {
  switch (code) {
    case "model/timeout":
      return "failedTimeout";
    case "model/rejected":
    case "model/unauthorized":
    case "model/unsupported":
    case "model/too_long":
      return "failedRejected";
    case "model/remote_refused":
      return "failedRemote";
    case "http/internal":
    case "crypto/cannot_open":
      return "failedInternal";
    default:
      return "failedBroken";
  }
}
