/** Answers by picking: one of several, or yes and no, in English and Chinese. Pure. */
import { foldText } from "./fold-text.ts";

export interface Choice {
  value: string;
  en: string;
  zh: string;
  also?: readonly string[];
}

/** Every word that means this choice. */
export function choiceWords({ value, en, zh, also = [] }: Choice): string[] {
  return [value, en, zh, ...also].map(foldText);
}

/** By its words, or by its place in the list, counted from 1. */
export function parseChoice(choices: readonly Choice[], text: string): string | undefined {
  const word = foldText(text);
  const named = choices.find((choice) => choiceWords(choice).includes(word));
  const counted = /^\d{1,2}$/.test(word) ? choices[Number(word) - 1] : undefined;
  return (named ?? counted)?.value;
}

const YES: ReadonlySet<string> = new Set(
  "yes y yeah yep yup ok okay sure correct right true confirm 是 是的 对 对的 對 好 好的 行 可以 嗯 没错 沒錯 确认 確認 确定".split(
    " ",
  ),
);
const NO: ReadonlySet<string> = new Set(
  "no n nope nah wrong false 不 不是 不对 不對 不行 不要 不可以 否 没有 沒有 错 错了".split(" "),
);

/** `yes` or `no`. */
export function parseYesNo(text: string): "yes" | "no" | undefined {
  const word = foldText(text);
  if (YES.has(word)) return "yes";
  return NO.has(word) ? "no" : undefined;
}
