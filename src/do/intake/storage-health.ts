/** Whether events can be stored. A disk that takes no more bytes still answers every question: only failed writes tell. */

/** A failure counts for so long: when nothing came in since, nobody knows better. */
export const FAILURE_COUNTS_MS = 30_000;

let failedAtMs = Number.NEGATIVE_INFINITY;

export function noteStoreFailed(nowMs: number): void {
  failedAtMs = nowMs;
}

export function noteStored(): void {
  failedAtMs = Number.NEGATIVE_INFINITY;
}

export function canStore(nowMs: number): boolean {
  return Math.abs(nowMs - failedAtMs) >= FAILURE_COUNTS_MS;
}
