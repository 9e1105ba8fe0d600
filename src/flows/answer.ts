/**
 * What a person's words mean as an answer to a question: a canonical text, or nothing. Total: whatever comes in, it
 * takes time in proportion to its length, and it never throws.
 */
import { parseChoice, parseYesNo } from "./answer-choice.ts";
import { parseDate } from "./answer-date.ts";
import type { AnswerSpec, Question } from "./definition-schema.ts";
import { foldText } from "./fold-text.ts";
import { MAX_ANSWER_UNITS } from "./limits.ts";

export type Answer =
  | { status: "given"; value: string }
  /** An optional question was passed over. */
  | { status: "skipped" }
  | { status: "none" };

/** Longest text that is read for anything but a text answer. */
const MAX_READ_UNITS = 300;
const SKIP: ReadonlySet<string> = new Set(["-", "skip", "pass", "跳过", "略过", "跳過"]);

/** `today` is the day where the flow is at home, as `2026-11-21`: finding it costs more than all the rest. */
export function parseAnswer(
  { accept, optional }: Pick<Question, "accept" | "optional">,
  text: string,
  today: () => string,
): Answer {
  const isShort = text.length <= MAX_READ_UNITS;
  if (optional && isShort && SKIP.has(foldText(text))) return { status: "skipped" };
  const value =
    accept.type === "text" ? parseText(accept, text) : isShort && parseShort(accept, text, today);
  return value ? { status: "given", value } : { status: "none" };
}

function parseShort(
  accept: Exclude<AnswerSpec, { type: "text" }>,
  text: string,
  today: () => string,
): string | undefined {
  switch (accept.type) {
    case "email":
      return parseEmail(text);
    case "phone":
      return parsePhone(text);
    case "date":
      return parseDate(text, today(), accept.future ?? false);
    case "number":
      return parseNumber(accept, text);
    case "choice":
      return parseChoice(accept.choices, text);
    default:
      return parseYesNo(text);
  }
}

function parseText(
  { min = 1, max = MAX_ANSWER_UNITS }: { min?: number; max?: number },
  text: string,
): string | undefined {
  const value = text.trim().toWellFormed();
  return value.length >= min && value.length <= max ? value : undefined;
}

const MAX_EMAIL_UNITS = 254;
const LOCAL_PART = /^[^\s@<>()[\],;:\\"]{1,64}$/u;
const DOMAIN_LABEL = /^[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?$/u;

function parseEmail(text: string): string | undefined {
  const value = text.normalize("NFKC").trim();
  const at = value.lastIndexOf("@");
  if (at < 1 || value.length > MAX_EMAIL_UNITS) return undefined;
  const labels = value.slice(at + 1).split(".");
  const isGood =
    LOCAL_PART.test(value.slice(0, at)) &&
    labels.length >= 2 &&
    labels.every((label) => DOMAIN_LABEL.test(label));
  return isGood ? value : undefined;
}

/** Digits with an optional plus, as E.164 counts them; spaces, hyphens, dots and brackets fall out. */
function parsePhone(text: string): string | undefined {
  const value = text.normalize("NFKC").replace(/[\s().\-–/]/g, "");
  return /^\+?\d{5,15}$/.test(value) ? value : undefined;
}

const PLAIN_NUMBER = /^[+-]?\d{1,15}(?:\.\d{1,10})?$/;
/** 1,234,567.8 */
const GROUPED_NUMBER = /^[+-]?\d{1,3}(?:,\d{3}){1,4}(?:\.\d{1,10})?$/;

function parseNumber(
  { min = -Infinity, max = Infinity, whole = false }: Extract<AnswerSpec, { type: "number" }>,
  text: string,
): string | undefined {
  const folded = text.normalize("NFKC").trim();
  if (!PLAIN_NUMBER.test(folded) && !GROUPED_NUMBER.test(folded)) return undefined;
  const value = Number(folded.replaceAll(",", ""));
  return value >= min && value <= max && (!whole || Number.isInteger(value))
    ? String(value)
    : undefined;
}
