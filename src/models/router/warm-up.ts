/** Whether the model is loaded before somebody asks: never on a box that nobody uses. Pure. */

/** A box that somebody wrote to within a day is used. */
export const USED_MS = 24 * 3_600_000;
/** A conversation is live for so long after its last turn. */
export const LIVE_MS = 2 * 3_600_000;

export interface WarmUpFacts {
  when: "used" | "always" | "never";
  /** The box has just started; else the time for a look has come round. */
  isStart: boolean;
  /** Undefined where there has been none. */
  lastTurnAtMs: number | undefined;
  nowMs: number;
}

export function decideWarmUp({ when, isStart, lastTurnAtMs, nowMs }: WarmUpFacts): boolean {
  if (when !== "used") return when === "always";
  if (lastTurnAtMs === undefined) return false;
  return nowMs - lastTurnAtMs < (isStart ? USED_MS : LIVE_MS);
}
