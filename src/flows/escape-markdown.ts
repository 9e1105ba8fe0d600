/** A person's words inside a Markdown text: shown as they were written, on one line. Pure. */

const ACTIVE = /[\\`*[\]<>~|&!]/g;
/** An underscore inside a word (an address, a file's name) does nothing, and looks better alone. */
const EDGE_UNDERSCORE = /(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu;
/** What makes a list, a heading or a rule of a line. */
const LINE_START = /^(?:[+-](?=\s|$)|#{1,6}(?=\s|$)|-(?=[-\s]*$)|=(?==*$)|\d{1,9}(?=[.)](?:\s|$)))/;

export function escapeMarkdown(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .trim()
    .replace(ACTIVE, "\\$&")
    .replace(EDGE_UNDERSCORE, "\\_")
    .replace(LINE_START, (mark) => (/\d/.test(mark) ? `${mark}\\` : `\\${mark}`));
}
