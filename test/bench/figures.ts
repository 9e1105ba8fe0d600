/** One line of the result: a figure with its target, and whether it is met. */

export interface Target {
  /** What the target is about. */
  of: "value" | "ratio";
  bound: "at least" | "at most";
  limit: number;
}

export interface Figure {
  what: string;
  value: number;
  unit: string;
  /** To what the line itself names. */
  ratio?: number;
  target?: Target;
}

/** Undefined where there is no target. */
export function isMet({ value, ratio, target }: Figure): boolean | undefined {
  if (!target) return undefined;
  const measured = target.of === "ratio" ? ratio : value;
  if (measured === undefined) return false;
  return target.bound === "at least" ? measured >= target.limit : measured <= target.limit;
}

export function atLeast(of: Target["of"], limit: number): Target {
  return { of, bound: "at least", limit };
}

export function atMost(of: Target["of"], limit: number): Target {
  return { of, bound: "at most", limit };
}
