/** How one kind of private text is recognised: a pattern that takes linear time, and a check of what it found. */
import type { RedactionKind } from "../core/redaction.ts";

export interface Detector {
  kind: RedactionKind;
  /** With the flag g. Each repetition is bounded, or cannot begin inside of itself: linear time on any text. */
  pattern: RegExp;
  /** What of it is private: the part that is masked, or undefined for what only looks like it. All of it where this is left out. */
  privatePart?(found: string): string | undefined;
  /** What stands in its place; `$1` is the pattern's first group. */
  mask: string;
}

/** All of what was found, or nothing. */
export function wholeIf(
  isGenuine: (found: string) => boolean,
): NonNullable<Detector["privatePart"]> {
  return (found) => (isGenuine(found) ? found : undefined);
}

export function digitsOf(text: string): string {
  return text.replace(/\D/g, "");
}
