/** The few statistics of the bench. All take their values in any order and leave them as they are. */

/** By the nearest rank. Throws for no values: a measurement of nothing is wrong, not zero. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  if (value === undefined) throw new Error("There is nothing to take a percentile of.");
  return value;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}
