/** Which flow a message begins, if any: a phrase is the whole message, a keyword a word of a short one. Pure. */
import { foldText } from "./fold-text.ts";
import { MAX_KEYWORD_MESSAGE_UNITS } from "./limits.ts";

export interface Triggered {
  name: string;
  phrases: readonly string[];
  keywords: readonly string[];
}

export function matchTrigger(flows: readonly Triggered[], message: string): string | undefined {
  if (message.length > MAX_KEYWORD_MESSAGE_UNITS) return undefined;
  const text = foldText(message);
  const whole = flows.find((flow) => flow.phrases.some((words) => foldText(words) === text));
  const found = whole ?? flows.find((flow) => flow.keywords.some((word) => hasWord(text, word)));
  return found?.name;
}

const SPACED_LETTER = /[\p{L}\p{N}]/u;
/** Scripts that put no space between words. */
const UNSPACED_LETTER = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;

/** As a word of its own where the script has spaces; anywhere where it has none. */
function hasWord(text: string, keyword: string): boolean {
  const word = foldText(keyword);
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const before = text.slice(0, at).at(-1) ?? "";
    const after = text.slice(at + word.length, at + word.length + 1);
    if (!joins(before, word.slice(0, 1)) && !joins(word.slice(-1), after)) return true;
    if (word === "") return false;
  }
  return false;
}

/** True where two neighbouring characters belong to one word. */
function joins(left: string, right: string): boolean {
  return [left, right].every(
    (letter) => SPACED_LETTER.test(letter) && !UNSPACED_LETTER.test(letter),
  );
}

/** Words that would begin two flows, the way they are compared. */
export function foldTriggers({ phrases, keywords }: Omit<Triggered, "name">): string[] {
  return [...phrases, ...keywords].map(foldText);
}
