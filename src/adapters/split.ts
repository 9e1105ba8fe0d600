/**
 * Cuts a long Markdown text into messages: at paragraphs, else lines, sentences, words, and never inside a character.
 * A code block that goes on is closed in one piece and opened again, with its language, in the next. Nothing is lost
 * but white space at the borders. Takes time in proportion to the text.
 */
import { type CodeFence, findCodeFences } from "./code-fences.ts";

/** Below this a piece has no room for what a code block repeats. */
export const MIN_PIECE_UNITS = 128;
/** The part of a piece that the opening line of a code block may take, to be repeated. */
const FENCE_LINE_SHARE = 8;
/** A border in the first half of a piece is not worth the room it leaves. */
const MIN_FILL = 0.5;
/** How far around a position whole characters are looked for. */
const GRAPHEME_REACH_UNITS = 64;

const WHITE_SPACE = /\s/;
const SENTENCE_END = /[.!?…]/;
/** Ends a sentence or a clause without white space after it. */
const WIDE_SENTENCE_END = /[。！？；]/;

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

interface Source {
  text: string;
  fences: readonly CodeFence[];
  maxUnits: number;
}

interface Cut {
  /** Where the piece ends. */
  end: number;
  /** Where the next one begins. */
  next: number;
}

/** The start of the character that `index` stands in. */
function characterStart(text: string, index: number): number {
  if (index >= text.length) return text.length;
  const from = Math.max(0, index - GRAPHEME_REACH_UNITS);
  const window = text.slice(from, index + GRAPHEME_REACH_UNITS);
  const found = graphemes.segment(window).containing(index - from);
  if (found && found.index > 0) return from + found.index;
  return isLowSurrogate(text, index) ? index - 1 : index; // a character without end: cut it
}

function isLowSurrogate(text: string, index: number): boolean {
  const unit = text.charCodeAt(index);
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/** The last index ≤ `limit` and > `from` that is a border by `test`. */
function lastBorder(from: number, limit: number, test: (index: number) => boolean) {
  for (let index = limit; index > from; index -= 1) if (test(index)) return index;
  return undefined;
}

/** Where plain text is best cut between `from` and `limit`. `fallback` is better than a cut between words. */
function plainBorder(text: string, from: number, limit: number, fallback: number | undefined) {
  const isBreak = (index: number) => text[index] === "\n";
  const isSpace = (index: number) => WHITE_SPACE.test(text[index] ?? " ");
  const endsSentence = (index: number) => {
    const before = text[index - 1] ?? "";
    return WIDE_SENTENCE_END.test(before) || (isSpace(index) && SENTENCE_END.test(before));
  };
  return (
    lastBorder(from, limit, (index) => isBreak(index) && isBreak(index + 1)) ??
    lastBorder(from, limit, isBreak) ??
    lastBorder(from, limit, endsSentence) ??
    fallback ??
    lastBorder(from, limit, isSpace) ??
    limit
  );
}

function skipWhiteSpace(text: string, from: number): number {
  let index = from;
  while (index < text.length && WHITE_SPACE.test(text[index] ?? "")) index += 1;
  return index;
}

/** Cuts code after a line, or within one that is longer than a piece. Closing it needs room, too. */
function cutCode({ text }: Source, fence: CodeFence, start: number, limit: number): Cut {
  const last = limit - fence.indent.length - fence.marks.length - 1;
  if (last >= fence.end)
    return { end: fence.end, next: skipWhiteSpace(text, fence.after ?? text.length) };
  const from = Math.max(fence.body, start + (limit - start) * MIN_FILL);
  const line = lastBorder(from, last, (index) => text[index - 1] === "\n");
  const end = line ?? characterStart(text, last);
  return { end, next: end };
}

/** `fences` are those that touch the piece, in order. */
function cutPiece(source: Source, fences: readonly CodeFence[], start: number, room: number): Cut {
  const { text } = source;
  const limit = Math.min(start + room, text.length);
  const half = Math.floor(start + room * MIN_FILL);
  const fence = fences.at(-1);
  const reachesOver = fence && (fence.after === undefined || limit < fence.after);
  if (reachesOver && fence.open < half) return cutCode(source, fence, start, limit);
  if (reachesOver) return { end: fence.open, next: fence.open };
  const borderAfterFence =
    fence?.after !== undefined && fence.after > half ? fence.after : undefined;
  const border = plainBorder(text, borderAfterFence ?? half, limit, borderAfterFence);
  const end = characterStart(text, border);
  return { end, next: skipWhiteSpace(text, end) };
}

/** Takes the indent of the opening line off the code and off the closing line, as Markdown itself does. */
function unindent(code: string, indent: string): string {
  return indent === "" ? code : code.replace(new RegExp(`^[ \\t]{1,${indent.length}}`, "gm"), "");
}

/** The text of one piece, with what closes and opens the code block that it shares with its neighbours. */
function writePiece(
  { text }: Source,
  start: number,
  end: number,
  first: CodeFence | undefined,
  last: CodeFence | undefined,
): string {
  let piece = text.slice(start, end);
  if (first && first.open < start) {
    // The piece begins in the code, or behind the white space before it.
    const codeEnd = Math.min(end, first.after ?? end);
    const opening = first.body <= start ? `${first.opener}\n` : "";
    piece = opening + unindent(text.slice(start, codeEnd), first.indent) + text.slice(codeEnd, end);
  }
  const staysOpen = last && end > last.open && (end <= last.end || last.after === undefined);
  if (!staysOpen) return piece.trimEnd();
  const indent = last.open < start ? "" : last.indent;
  return `${piece}${piece.endsWith("\n") ? "" : "\n"}${indent}${last.marks}`;
}

function fencesBefore(fences: readonly CodeFence[], first: number, limit: number): CodeFence[] {
  let last = first;
  while ((fences[last]?.open ?? limit) < limit) last += 1;
  return fences.slice(first, last);
}

function fitsWhole(source: Source, start: number, room: number): boolean {
  const last = source.fences.at(-1);
  const closing = last && last.after === undefined ? last.indent.length + last.marks.length + 1 : 0;
  return source.text.length - start + closing <= room;
}

/** No piece is blank or longer than `maxUnits` UTF-16 units; blank text has none. Throws RangeError below MIN_PIECE_UNITS. */
export function splitMarkdown(markdown: string, maxUnits: number): string[] {
  if (maxUnits < MIN_PIECE_UNITS) throw new RangeError(`A piece holds ${MIN_PIECE_UNITS} units.`);
  const text = markdown.replace(/^(?:[ \t\r]*\n)+/, "").trimEnd();
  const fences = findCodeFences(text, Math.floor(maxUnits / FENCE_LINE_SHARE));
  const source: Source = { text, fences, maxUnits };
  const pieces: string[] = [];
  let passed = 0;
  for (let start = 0; start < text.length; ) {
    while ((fences[passed]?.after ?? text.length) <= start) passed += 1;
    const first = fences[passed];
    const inside = first && first.body <= start ? first : undefined;
    const room = maxUnits - (inside ? inside.opener.length + 1 : 0);
    const touched = fencesBefore(fences, passed, start + room);
    const cut = fitsWhole(source, start, room)
      ? { end: text.length, next: text.length }
      : cutPiece(source, touched, start, room);
    pieces.push(writePiece(source, start, cut.end, first, touched.at(-1)));
    start = cut.next;
  }
  return pieces;
}
