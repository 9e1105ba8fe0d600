/** When workerd is started again after it ended by itself, and when that has no more sense. Pure. */

const MIN_DELAY_MS = 100;
export const MAX_DELAY_MS = 10_000;
/** After so long a run a crash counts as the first one. */
export const HEALTHY_AFTER_MS = 60_000;
/** Crashes in a row, each sooner than that. */
export const MAX_FAST_CRASHES = 10;

export type Restart =
  | { kind: "restart"; delayMs: number; fastCrashes: number }
  | { kind: "give_up"; fastCrashes: number };

/** The first crash after health is followed at once by a new start; then the waits double. */
export function decideRestart(fastCrashesBefore: number, uptimeMs: number): Restart {
  const fastCrashes = uptimeMs >= HEALTHY_AFTER_MS ? 1 : fastCrashesBefore + 1;
  if (fastCrashes > MAX_FAST_CRASHES) return { kind: "give_up", fastCrashes };
  const delayMs =
    fastCrashes === 1 ? 0 : Math.min(MIN_DELAY_MS * 2 ** (fastCrashes - 2), MAX_DELAY_MS);
  return { kind: "restart", delayMs, fastCrashes };
}
