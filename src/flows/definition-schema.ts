/**
 * The form of a flow: questions, statements and endings, each with its texts in both languages. The one schema for the
 * file on the host and for what the Worker is sent; what refers to what is checked in faults.ts.
 */
import * as v from "valibot";
import { NAME_PATTERN } from "../core/ids.ts";
import { parseDuration } from "./duration.ts";
import {
  MAX_ANSWER_UNITS,
  MAX_BRANCHES,
  MAX_CHOICES,
  MAX_SILENCE_MS,
  MAX_STATES,
  MAX_TEXT_UNITS,
  MAX_TITLE_UNITS,
  MAX_TRIES,
  MAX_TRIGGER_UNITS,
  MAX_TRIGGERS,
  MIN_SILENCE_MS,
} from "./limits.ts";
import { isTimeZone } from "./today.ts";

const words = (maxUnits: number) =>
  v.pipe(
    v.string(),
    v.trim(),
    v.minLength(1, "a text is expected"),
    v.maxLength(maxUnits, `at most ${maxUnits} characters are expected`),
    v.check((text) => text.isWellFormed(), "whole characters are expected"),
  );
const texts = (maxUnits: number) => v.strictObject({ en: words(maxUnits), zh: words(maxUnits) });
const list = <Item extends v.GenericSchema>(item: Item, min: number, max: number) =>
  v.pipe(
    v.array(item),
    v.minLength(min, `at least ${min} are expected`),
    v.maxLength(max, `at most ${max} are expected`),
  );
const wholeBetween = (min: number, max: number) => {
  const message = `a whole number from ${min} to ${max} is expected`;
  return v.pipe(v.number(), v.integer(message), v.minValue(min, message), v.maxValue(max, message));
};

const text = texts(MAX_TEXT_UNITS);
const title = texts(MAX_TITLE_UNITS);
const alias = words(MAX_TRIGGER_UNITS);
const aliases = list(alias, 1, MAX_TRIGGERS);
const state = v.pipe(
  v.string(),
  v.regex(
    /^[a-z][a-z0-9_]{0,31}$/,
    "small letters, digits and underscores are expected, 32 at most",
  ),
);
const duration = v.pipe(
  v.string(),
  v.check((given) => {
    const durationMs = parseDuration(given) ?? 0;
    return durationMs >= MIN_SILENCE_MS && durationMs <= MAX_SILENCE_MS;
  }, "a time from 10s to 7d is expected, such as 30m"),
);
const finite = v.pipe(v.number(), v.finite("a number is expected"));

const choice = v.strictObject({
  value: state,
  en: words(MAX_TITLE_UNITS),
  zh: words(MAX_TITLE_UNITS),
  /** Other words for it. */
  also: v.exactOptional(list(alias, 1, MAX_CHOICES)),
});

const answer = v.variant("type", [
  v.strictObject({
    type: v.literal("text"),
    min: v.exactOptional(wholeBetween(1, MAX_ANSWER_UNITS)),
    max: v.exactOptional(wholeBetween(1, MAX_ANSWER_UNITS)),
  }),
  v.strictObject({ type: v.literal("email") }),
  v.strictObject({ type: v.literal("phone") }),
  v.strictObject({ type: v.literal("date"), future: v.exactOptional(v.boolean()) }),
  v.strictObject({
    type: v.literal("number"),
    min: v.exactOptional(finite),
    max: v.exactOptional(finite),
    whole: v.exactOptional(v.boolean()),
  }),
  v.strictObject({ type: v.literal("choice"), choices: list(choice, 2, MAX_CHOICES) }),
  v.strictObject({ type: v.literal("yesno") }),
]);

const branch = v.strictObject({
  /** Answers that must all be so; a branch without it is taken always. */
  when: v.exactOptional(v.record(state, state)),
  go: state,
});
const branches = list(branch, 1, MAX_BRANCHES);
type Next = string | v.InferOutput<typeof branches>;
/** One state, or branches in their order. Chosen by its looks, so that a fault is named where it is. */
const next = v.lazy(
  (given): v.GenericSchema<unknown, Next> => (Array.isArray(given) ? branches : state),
);

const question = v.strictObject({
  ask: text,
  accept: answer,
  /** What the answer is called in a summary; without it, it is in none. */
  label: v.exactOptional(title),
  optional: v.exactOptional(v.boolean()),
  /** Said when an answer is none; by default, what is expected. */
  hint: v.exactOptional(text),
  /** Where it goes on after so many answers that are none. */
  otherwise: v.exactOptional(v.strictObject({ after: wholeBetween(1, MAX_TRIES), go: state })),
  /** Where it goes on when the person says nothing for so long. */
  timeout: v.exactOptional(v.strictObject({ after: duration, go: state })),
  next,
});

const statement = v.strictObject({ say: text, next });

const ending = v.strictObject({
  /** `model`: the model goes on, told the answers. `person`: the owner is told them, and answers himself. */
  end: v.picklist(["done", "model", "person"]),
  say: v.exactOptional(text),
  tellOwner: v.exactOptional(v.boolean()),
});

export type Question = v.InferOutput<typeof question>;
export type Statement = v.InferOutput<typeof statement>;
export type Ending = v.InferOutput<typeof ending>;
export type FlowState = Question | Statement | Ending;
export type AnswerSpec = Question["accept"];

/** The kind of a state, by the one word that only it has. */
const anyState = v.lazy((given): v.GenericSchema<unknown, FlowState> => {
  const has = (word: string) => typeof given === "object" && given !== null && word in given;
  return has("ask") ? question : has("end") ? ending : statement;
});

export const definitionSchema = v.strictObject({
  flow: v.pipe(
    v.string(),
    v.regex(NAME_PATTERN, "small letters, digits and hyphens are expected, 32 at most"),
  ),
  title,
  /** Messages that begin it. */
  phrases: v.exactOptional(aliases),
  /** Words that begin it wherever they stand in a short message. */
  keywords: v.exactOptional(aliases),
  /** Where "today" is. */
  timezone: v.exactOptional(
    v.pipe(
      v.string(),
      v.maxLength(64),
      v.check(isTimeZone, "a zone such as Asia/Shanghai is expected"),
    ),
  ),
  /** Silence after which the dialogue is let go. */
  timeout: v.exactOptional(duration),
  /** Said then. */
  expired: v.exactOptional(text),
  start: state,
  states: v.pipe(
    v.record(state, anyState),
    v.maxEntries(MAX_STATES, `at most ${MAX_STATES} states are expected`),
  ),
});

export type Definition = v.InferOutput<typeof definitionSchema>;
