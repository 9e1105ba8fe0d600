/** When memory counts as short. It has to recover by some points, and to stay so for a while, before it does no more. Pure. */

export const SHORT_SHARE = 0.2;
export const ENOUGH_SHARE = 0.25;
export const CALM_MS = 60_000;

export interface Pressure {
  isShort: boolean;
  /** Since when enough is free again. */
  calmSinceMs?: number;
}

export const NO_PRESSURE: Pressure = { isShort: false };

/** `share` is what is free, from 0 to 1; undefined where nobody knows. */
export function decidePressure(
  before: Pressure,
  share: number | undefined,
  nowMs: number,
): Pressure {
  if (share === undefined) return NO_PRESSURE;
  if (share < SHORT_SHARE) return { isShort: true };
  if (!before.isShort) return NO_PRESSURE;
  if (share < ENOUGH_SHARE) return { isShort: true };
  const calmSinceMs = before.calmSinceMs ?? nowMs;
  return nowMs - calmSinceMs >= CALM_MS ? NO_PRESSURE : { isShort: true, calmSinceMs };
}
