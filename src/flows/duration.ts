/** Times as a flow's author writes them: `30s`, `15m`, `2h`, `7d`. Pure. */

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 24 * 3_600_000,
};

/** Milliseconds; undefined for text of another form. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit = ""] = /^([1-9]\d{0,3})([smhd])$/.exec(text) ?? [];
  const unitMs = UNIT_MS[unit];
  return count === undefined || unitMs === undefined ? undefined : Number(count) * unitMs;
}
