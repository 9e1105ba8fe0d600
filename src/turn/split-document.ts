/** A long document in parts that a model reads one by one: cut where a paragraph, a line or a sentence ends. Pure. */
import { thirdsAt } from "./tokens.ts";

/** How much of a part may be given up for a better place to cut. */
const SEARCH_SHARE = 0.4;
/** Where a part may end, the best place first. */
const ENDS: readonly RegExp[] = [/\n\s*\n/g, /\n/g, /[。！？]|[.!?]\s/g, /\s/g];

/** At most `maxParts`; of a longer text the rest is left out. Parts joined are the text. */
export function splitDocument(
  text: string,
  partTokens: number,
  maxParts: number,
): { parts: string[]; isCut: boolean } {
  const parts: string[] = [];
  let at = 0;
  while (at < text.length && parts.length < maxParts) {
    const end = endOfPart(text, at, partTokens);
    parts.push(text.slice(at, end));
    at = end;
  }
  return { parts, isCut: at < text.length };
}

function endOfPart(text: string, start: number, partTokens: number): number {
  const limit = start + Math.max(2, unitsWithin(text, start, partTokens * 3));
  if (limit >= text.length) return text.length;
  const from = limit - Math.floor((limit - start) * SEARCH_SHARE);
  const tail = text.slice(from, limit);
  for (const pattern of ENDS) {
    const last = [...tail.matchAll(pattern)].at(-1);
    if (last) return from + last.index + last[0].length;
  }
  const isHigh = (text.charCodeAt(limit - 1) & 0xfc00) === 0xd800; // half of a letter
  return isHigh ? limit - 1 : limit;
}

function unitsWithin(text: string, start: number, maxThirds: number): number {
  let left = maxThirds;
  let at = start;
  while (at < text.length) {
    left -= thirdsAt(text, at);
    if (left < 0) break;
    at += 1;
  }
  return at - start;
}
