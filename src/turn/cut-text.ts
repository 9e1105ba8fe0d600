/** Makes a text fit into a number of tokens. What is cut out is marked. Pure. */
import { estimateTokens, thirdsAt } from "./tokens.ts";

/** Stands for what is cut out of a message. */
const CUT_MARK = "\n[…]\n";

/** Keeps the beginning and the end: a question mostly stands at one of them. */
export function cutMiddle(text: string, maxTokens: number): string {
  if (estimateTokens(text) <= maxTokens) return text;
  const roomThirds = ((maxTokens - estimateTokens(CUT_MARK)) * 3) / 2;
  const head = unitsWithin(text, roomThirds, (index) => index);
  const tail = unitsWithin(text, roomThirds, (index) => text.length - 1 - index);
  return (text.slice(0, head) + CUT_MARK + text.slice(text.length - tail)).toWellFormed();
}

/** Keeps the beginning. */
export function cutEnd(text: string, maxTokens: number): string {
  if (estimateTokens(text) <= maxTokens) return text;
  const roomThirds = (maxTokens - estimateTokens("…")) * 3;
  const head = unitsWithin(text, roomThirds, (index) => index);
  return `${text.slice(0, head).toWellFormed()}…`;
}

/** How many units, taken in the order that `place` gives, count no more than `roomThirds` together. */
function unitsWithin(text: string, roomThirds: number, place: (index: number) => number): number {
  let count = 0;
  let left = roomThirds;
  while (count < text.length) {
    left -= thirdsAt(text, place(count));
    if (left < 0) return count;
    count += 1;
  }
  return count;
}
