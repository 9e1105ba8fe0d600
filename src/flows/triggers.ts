/** Which flow a message begins, if any: a phrase is the whole message, a keyword a word of a short one. Pure. */
import { foldText } from "./fold-text.ts";
import { MAX_KEYWORD_MESSAGE_UNITS } from "./limits.ts";

export interface Triggered {
  name: string;
  phrases: readonly string[];
  keywords: readonly string[];
}

/** Words as they are compared, and the flows that they begin. */
export interface Triggers {
  phrases: ReadonlyMap<string, string>;
  keywords: ReadonlyMap<string, string>;
}

export function compileTriggers(flows: readonly Triggered[]): Triggers {
  const entries = (words: "phrases" | "keywords") =>
    flows.flatMap((flow) => flow[words].map((word) => [foldText(word), flow.name] as const));
  return { phrases: new Map(entries("phrases")), keywords: new Map(entries("keywords")) };
}

/** The name of the flow. */
export function matchTrigger({ phrases, keywords }: Triggers, message: string): string | undefined {
  if (message.length > MAX_KEYWORD_MESSAGE_UNITS || phrases.size + keywords.size === 0)
    return undefined;
  const text = foldText(message);
  const whole = phrases.get(text);
  if (whole !== undefined) return whole;
  for (const [word, name] of keywords) if (hasWord(text, word)) return name;
  return undefined;
}

const SPACED_LETTER = /[\p{L}\p{N}]/u;
/** Scripts that put no space between words. */
const UNSPACED_LETTER = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;

/** As a word of its own where the script has spaces; anywhere where it has none. */
function hasWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const [before, after] = [text.slice(0, at).slice(-1), text.charAt(at + word.length)];
    if (!joins(before, word.slice(0, 1)) && !joins(word.slice(-1), after)) return word !== "";
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
