/** Finds the fenced code blocks of a Markdown text. Pure; one pass over the lines. */

/** Positions count UTF-16 units of the text. */
export interface CodeFence {
  /** Start of the opening line. */
  open: number;
  /** Start of the first line of code. */
  body: number;
  /** Start of the closing line; the end of the text where it is missing. */
  end: number;
  /** Start of the line after the closing one; undefined where the fence is never closed. */
  after: number | undefined;
  /** White space before the opening marks; that of the code may be as deep. */
  indent: string;
  /** The opening line without indent: marks and language. */
  opener: string;
  /** The marks that close it. */
  marks: string;
}

const OPENING = /^([ \t]*)((`{3,})[^`\n]*|(~{3,})[^\n]*?)[ \t\r]*$/;
const CLOSING = /^[ \t]*(`{3,}|~{3,})[ \t\r]*$/;

function closes(line: string, marks: string): boolean {
  const found = CLOSING.exec(line)?.[1];
  return found !== undefined && found[0] === marks[0] && found.length >= marks.length;
}

function openFence(line: string, open: number, body: number): CodeFence | undefined {
  const match = OPENING.exec(line);
  if (!match) return undefined;
  const [, indent = "", opener = "", backticks, tildes] = match;
  const marks = backticks ?? tildes ?? "";
  return { open, body, end: body, after: undefined, indent, opener: opener.trimEnd(), marks };
}

/** Opening lines longer than `maxLineUnits` open nothing. */
export function findCodeFences(text: string, maxLineUnits: number): CodeFence[] {
  const fences: CodeFence[] = [];
  let current: CodeFence | undefined;
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf("\n", start);
    const next = newline < 0 ? text.length : newline + 1;
    const length = (newline < 0 ? next : newline) - start;
    // A longer line can neither open nor close, and need not be cut out to be looked at.
    const line = length <= maxLineUnits ? text.slice(start, start + length) : "";
    if (!current) {
      current = openFence(line, start, next);
      if (current) fences.push(current);
    } else if (closes(line, current.marks)) {
      current.end = start;
      current.after = next;
      current = undefined;
    }
    start = next;
  }
  if (current) current.end = text.length;
  return fences;
}
