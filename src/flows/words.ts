/** What a dialogue says: a flow's own texts with the answers filled in, and the few sentences that are ours. Pure. */
import { type Lang, phrase } from "../phrases/phrase.ts";
import { findState } from "./definition.ts";
import type { AnswerSpec, Definition, Question } from "./definition-schema.ts";
import { escapeMarkdown } from "./escape-markdown.ts";
import { MAX_ANSWER_UNITS } from "./limits.ts";
import { fillPlaces } from "./placeholders.ts";

export type Slots = Readonly<Record<string, string>>;

/** Who is spoken to. */
export interface Listener {
  lang: Lang;
  name: string;
}

/** Stands for an answer that was not given. */
const NOTHING = "–";

/** A text of the flow's author. Answers are a person's words: they are shown as they are, never as Markdown. */
export function renderText(
  flow: Definition,
  text: { en: string; zh: string },
  slots: Slots,
  { lang, name }: Listener,
): string {
  return fillPlaces(text[lang], (place) =>
    place === "person" ? escapeMarkdown(name) : renderAnswer(flow, place, slots, lang),
  );
}

/** The question, and what can be chosen. */
export function renderQuestion(
  flow: Definition,
  question: Question,
  slots: Slots,
  listener: Listener,
): string {
  const asked = renderText(flow, question.ask, slots, listener);
  const { lang } = listener;
  const choices = renderChoices(question.accept, lang);
  const skip = question.optional ? [phrase(lang, "flowSkip")] : [];
  return [[asked, ...skip].join(" "), ...choices].join("\n\n");
}

function renderChoices(accept: AnswerSpec, lang: Lang): string[] {
  if (accept.type !== "choice") return [];
  return [accept.choices.map((choice, index) => `${index + 1}. ${choice[lang]}`).join("\n")];
}

/** What is said to an answer that is none. */
export function renderHint(
  flow: Definition,
  question: Question,
  slots: Slots,
  listener: Listener,
): string {
  const { accept, hint } = question;
  const said = hint
    ? renderText(flow, hint, slots, listener)
    : renderExpected(accept, listener.lang);
  return [said, ...renderChoices(accept, listener.lang)].join("\n\n");
}

function renderExpected(accept: AnswerSpec, lang: Lang): string {
  switch (accept.type) {
    case "text":
      return phrase(lang, "flowHintText", textBounds(accept));
    case "email":
      return phrase(lang, "flowHintEmail");
    case "phone":
      return phrase(lang, "flowHintPhone");
    case "date":
      return phrase(lang, accept.future ? "flowHintFutureDate" : "flowHintDate");
    case "number":
      return renderExpectedNumber(accept, lang);
    case "choice":
      return phrase(lang, "flowHintChoice");
    default:
      return phrase(lang, "flowHintYesNo");
  }
}

function textBounds({ min = 1, max = MAX_ANSWER_UNITS }: { min?: number; max?: number }) {
  return { min, max };
}

function renderExpectedNumber(
  { min, max, whole }: Extract<AnswerSpec, { type: "number" }>,
  lang: Lang,
): string {
  const sentence = phrase(lang, whole ? "flowHintWhole" : "flowHintNumber");
  const from = min === undefined ? [] : [phrase(lang, "flowHintFrom", { min })];
  const to = max === undefined ? [] : [phrase(lang, "flowHintTo", { max })];
  return [sentence, ...from, ...to].join(" ");
}

/** One answer in words. */
export function renderAnswer(flow: Definition, name: string, slots: Slots, lang: Lang): string {
  const value = Object.hasOwn(slots, name) ? slots[name] : undefined;
  const state = findState(flow, name);
  if (value === undefined || !state || !("ask" in state)) return NOTHING;
  const { accept } = state;
  switch (accept.type) {
    case "choice":
      return accept.choices.find((choice) => choice.value === value)?.[lang] ?? NOTHING;
    case "yesno":
      return phrase(lang, value === "yes" ? "flowYes" : "flowNo");
    default:
      return escapeMarkdown(value);
  }
}

/** The answers that have a label, one a line, in the order of the states. Empty where there are none. */
export function renderSummary(flow: Definition, slots: Slots, lang: Lang): string {
  const lines = Object.entries(flow.states).flatMap(([name, state]) => {
    if (!("ask" in state) || !state.label || !Object.hasOwn(slots, name)) return [];
    return [`- ${state.label[lang]}: ${renderAnswer(flow, name, slots, lang)}`];
  });
  return lines.join("\n");
}
