/** A person's words inside a Markdown text: shown as they were written, on one line. Pure. */

const ACTIVE = /[\\`*[\]<>~|&!]/g;
/** An underscore inside a word (an address, a file's name) does nothing, and looks better alone. */
const EDGE_UNDERSCORE = /(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu;
const LINE_START = /^(?:[#+\-=]|\d{1,9}(?=[.)]))/;

export function escapeMarkdown(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .trim()
    .replace(ACTIVE, "\\$&")
    .replace(EDGE_UNDERSCORE, "\\_")
    .replace(LINE_START, (mark) => (/\d/.test(mark) ? `${mark}\\` : `\\${mark}`));
}
