/** Bounds how deep a JSON value is nested: one that is passed on is written again, by code that recurses. */

export const MAX_JSON_DEPTH = 64;

export function isShallow(value: unknown, depth: number = MAX_JSON_DEPTH): boolean {
  if (typeof value !== "object" || value === null) return true;
  return depth > 0 && Object.values(value).every((item) => isShallow(item, depth - 1));
}
