/** How one kind of private text is recognised: a pattern that takes linear time, and a check of what it found. */
import type { RedactionKind } from "../core/redaction.ts";

export interface Detector {
  kind: RedactionKind;
  /** With the flag g. Each repetition is bounded, or cannot begin inside of itself: linear time on any text. */
  pattern: RegExp;
  /** False for what only looks like it. */
  isGenuine?(found: string): boolean;
  /** What stands in its place; `$1` is the pattern's first group. */
  mask: string;
}

export function digitsOf(text: string): string {
  return text.replace(/\D/g, "");
}
