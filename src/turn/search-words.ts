/** Finding words in what was said: every word must stand somewhere in the text, whatever its case and form. Pure. */

/** Words of one search. */
export const MAX_SEARCH_WORDS = 10;
/** Of a text that is found, what is shown around the first word. */
const BEFORE_UNITS = 30;
const SHOWN_UNITS = 120;

/** Wide and narrow, upper and lower case, composed or not: one form. Units may differ in number from the text's. */
function fold(text: string): string {
  return text.normalize("NFKC").toLowerCase();
}

/** The words to look for, folded; Chinese needs no spaces: what is between them is looked for as it stands. */
export function parseSearch(args: string): string[] {
  const words = fold(args).split(/\s+/u);
  return [...new Set(words.filter((word) => word !== ""))].slice(0, MAX_SEARCH_WORDS);
}

export function matchesWords(text: string, words: readonly string[]): boolean {
  const folded = fold(text);
  return words.every((word) => folded.includes(word));
}

/** The text around the first word, on one line. */
export function renderSnippet(text: string, words: readonly string[]): string {
  const line = text.normalize("NFKC").replace(/\s+/gu, " ").trim();
  const at = Math.max(0, line.toLowerCase().indexOf(words[0] ?? ""));
  const from = Math.max(0, at - BEFORE_UNITS);
  const shown = line.slice(from, from + SHOWN_UNITS).toWellFormed();
  return `${from > 0 ? "…" : ""}${shown}${from + SHOWN_UNITS < line.length ? "…" : ""}`;
}
