/** How long to wait before the next try. Pure. */

export const FIRST_WAIT_MS = 500;
export const MAX_WAIT_MS = 15_000;

/** Doubles with each failure, up to the limit; `random` in [0, 1) spreads many pages apart. */
export function decideWaitMs(failures: number, random: number, askedMs?: number): number {
  const fullMs = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures - 1, 10));
  const spreadMs = fullMs / 2 + (fullMs / 2) * random;
  return Math.max(spreadMs, Math.min(askedMs ?? 0, 4 * MAX_WAIT_MS));
}

/** Resolves after `ms`, or at once when `wake` fires. */
export function rest(ms: number, wake: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (wake.aborted) return resolve();
    const timer = setTimeout(done, ms);
    wake.addEventListener("abort", done, { once: true });
    function done() {
      clearTimeout(timer);
      wake.removeEventListener("abort", done);
      resolve();
    }
  });
}
