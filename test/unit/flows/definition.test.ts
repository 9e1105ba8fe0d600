import fc from "fast-check";
import { describe, it } from "vitest";
import { isAppError } from "../../../src/core/errors.ts";
import { parseDefinition } from "../../../src/flows/definition.ts";
import {
  MAX_BRANCHES,
  MAX_CHOICES,
  MAX_STATES,
  MAX_TEXT_UNITS,
  MAX_TITLE_UNITS,
  MAX_TRIES,
  MAX_TRIGGER_UNITS,
  MAX_TRIGGERS,
} from "../../../src/flows/limits.ts";
import { smallFlow, writeFlow } from "./small-flow.ts";

const both = (text: string) => ({ en: text, zh: text });
const ask = (next: unknown, more = {}) => ({
  ask: both("?"),
  accept: { type: "yesno" },
  next,
  ...more,
});

describe("a definition", () => {
  it("that is right is taken, and is the same when it is read again", ({ expect }) => {
    const flow = smallFlow();
    expect(flow).toEqual(writeFlow());
    expect(parseDefinition(JSON.parse(JSON.stringify(flow)))).toEqual(flow);
  });

  it.for<[string, unknown, string]>([
    ["no object", "flow", 'Invalid type: Expected Object but received "flow".'],
    [
      "a wrong name",
      writeFlow({ flow: "Lunch!" }),
      "flow: small letters, digits and hyphens are expected, 32 at most.",
    ],
    [
      "an unknown word",
      writeFlow({ colour: 1 }),
      'colour: Invalid key: Expected never but received "colour".',
    ],
    [
      "one language",
      writeFlow({ title: { en: "Lunch" } }),
      'title.zh: Invalid key: Expected "zh" but received undefined.',
    ],
    [
      "no text",
      writeFlow({ title: both("  ") }),
      "title.en: a text is expected; title.zh: a text is expected.",
    ],
    [
      "half a character",
      writeFlow({ title: { en: "x\ud800", zh: "x" } }),
      "title.en: whole characters are expected.",
    ],
    [
      "a zone that is none",
      writeFlow({ timezone: "Mars/Base" }),
      "timezone: a zone such as Asia/Shanghai is expected.",
    ],
    [
      "a time that is too short",
      writeFlow({ timeout: "9s" }),
      "timeout: a time from 10s to 7d is expected, such as 30m.",
    ],
    [
      "a time that is too long",
      writeFlow({ timeout: "8d" }),
      "timeout: a time from 10s to 7d is expected, such as 30m.",
    ],
    [
      "a time of another form",
      writeFlow({ timeout: "1h30m" }),
      "timeout: a time from 10s to 7d is expected, such as 30m.",
    ],
    [
      "a start that is no state",
      writeFlow({ start: "nowhere" }),
      "start: there is no state nowhere.",
    ],
    [
      "a way to no state",
      writeFlow({}, { hello: { say: both("x"), next: "nowhere" } }),
      "states.hello.next: there is no state nowhere.",
    ],
    [
      "a time-out to no state",
      writeFlow({}, { note: ask("model", { timeout: { after: "1m", go: "x" } }) }),
      "states.note.timeout.go: there is no state x.",
    ],
    [
      "the model after a time-out",
      writeFlow({}, { note: ask("model", { timeout: { after: "1m", go: "model" } }) }),
      "states.note.timeout.go: it leads to the model while nobody is there.",
    ],
    [
      "a state nothing leads to",
      writeFlow({}, { lonely: { end: "done" } }),
      "states.lonely: no way leads here.",
    ],
    [
      "a state without an end",
      writeFlow({}, { note: ask("note") }),
      "states.note: no way leads to an end; states.model: no way leads here.",
    ],
    [
      "statements in a circle",
      writeFlow(
        {},
        {
          hello: { say: both("a"), next: "more" },
          more: { say: both("b"), next: [{ when: { dish: "soup" }, go: "hello" }, { go: "dish" }] },
        },
      ),
      "states.hello: it leads to itself without a question.",
    ],
    [
      "a place that no answer fills",
      writeFlow({ expired: both("Bye {nobody}") }),
      "expired.en: there is no question nobody; expired.zh: there is no question nobody.",
    ],
    [
      "a place that is no question",
      writeFlow({ expired: both("{done}") }),
      "expired.en: there is no question done; expired.zh: there is no question done.",
    ],
    [
      "a condition on a text",
      writeFlow({}, { note: ask([{ when: { hello: "x" }, go: "done" }, { go: "model" }]) }),
      "states.note.next.0.when.hello: only questions of choice or yesno can be asked for here.",
    ],
    [
      "a condition on no choice",
      writeFlow({}, { note: ask([{ when: { dish: "pie" }, go: "done" }, { go: "model" }]) }),
      "states.note.next.0.when.dish: one of soup, cake is expected.",
    ],
    [
      "no branch for the rest",
      writeFlow({}, { note: ask([{ when: { dish: "soup" }, go: "model" }]) }),
      "states.note.next.0: the last branch is taken always: leave out when.",
    ],
    [
      "a branch that hides the rest",
      writeFlow({}, { note: ask([{ go: "model" }, { go: "model" }]) }),
      "states.note.next.0: when is missing.",
    ],
    [
      "a word for two choices",
      writeFlow(
        {},
        {
          note: ask("model", {
            accept: {
              type: "choice",
              choices: [
                { value: "a", ...both("One") },
                { value: "b", ...both("Two"), also: ["ONE"] },
              ],
            },
          }),
        },
      ),
      "states.note.accept.choices.1: one is another choice, too.",
    ],
    [
      "one choice only",
      writeFlow(
        {},
        {
          note: ask("model", {
            accept: { type: "choice", choices: [{ value: "a", ...both("One") }] },
          }),
        },
      ),
      "states.note.accept.choices: at least 2 are expected.",
    ],
    [
      "an empty range",
      writeFlow({}, { note: ask("model", { accept: { type: "number", min: 2, max: 1 } }) }),
      "states.note.accept.min: it is larger than max.",
    ],
    [
      "too long a text",
      writeFlow({}, { done: { end: "done", say: both("x".repeat(MAX_TEXT_UNITS + 1)) } }),
      `states.done.say.en: at most ${MAX_TEXT_UNITS} characters are expected; states.done.say.zh: at most ${MAX_TEXT_UNITS} characters are expected.`,
    ],
  ])("with %s is refused, and the fault is named", ([, given, message], { expect }) => {
    expect(() => parseDefinition(given)).toThrow(
      expect.objectContaining({ code: "flow/bad_definition", message }),
    );
  });

  it(`has ${MAX_STATES} states at most`, ({ expect }) => {
    const chain = (count: number) => {
      const middle = Array.from({ length: count - 2 }, (_, at) => [
        `s${at}`,
        ask(at === count - 3 ? "end" : `s${at + 1}`),
      ]);
      const states = { hello: ask("s0"), ...Object.fromEntries(middle), end: { end: "done" } };
      return { ...writeFlow(), states };
    };
    expect(Object.keys(parseDefinition(chain(MAX_STATES)).states)).toHaveLength(MAX_STATES);
    expect(() => parseDefinition(chain(MAX_STATES + 1))).toThrow(
      expect.objectContaining({ message: `states: at most ${MAX_STATES} states are expected.` }),
    );
  });

  it.for<[string, number, (count: number) => unknown, string]>([
    [
      "choices",
      MAX_CHOICES,
      (count) => {
        const choices = Array.from({ length: count }, (_, at) => {
          return { value: `c${at}`, ...both(`C${at}`) };
        });
        return writeFlow({}, { note: ask("model", { accept: { type: "choice", choices } }) });
      },
      `states.note.accept.choices: at most ${MAX_CHOICES} are expected.`,
    ],
    [
      "branches",
      MAX_BRANCHES,
      (count) => {
        const branch = { when: { dish: "soup" }, go: "model" };
        const next = [...Array.from({ length: count - 1 }, () => branch), { go: "model" }];
        return writeFlow({}, { note: ask(next) });
      },
      `states.note.next: at most ${MAX_BRANCHES} are expected.`,
    ],
    [
      "phrases",
      MAX_TRIGGERS,
      (count) => writeFlow({ phrases: Array.from({ length: count }, (_, at) => `p${at}`) }),
      `phrases: at most ${MAX_TRIGGERS} are expected.`,
    ],
    [
      "characters of a phrase",
      MAX_TRIGGER_UNITS,
      (count) => writeFlow({ phrases: ["x".repeat(count)] }),
      `phrases.0: at most ${MAX_TRIGGER_UNITS} characters are expected.`,
    ],
    [
      "characters of a title",
      MAX_TITLE_UNITS,
      (count) => writeFlow({ title: { en: "x".repeat(count), zh: "x" } }),
      `title.en: at most ${MAX_TITLE_UNITS} characters are expected.`,
    ],
    [
      "tries",
      MAX_TRIES,
      (count) =>
        writeFlow({}, { note: ask("model", { otherwise: { after: count, go: "model" } }) }),
      `states.note.otherwise.after: a whole number from 1 to ${MAX_TRIES} is expected.`,
    ],
  ])("has no more %s than %i", ([, max, write, message], { expect }) => {
    expect(parseDefinition(write(max))).toBeDefined();
    expect(() => parseDefinition(write(max + 1))).toThrow(
      expect.objectContaining({ code: "flow/bad_definition", message }),
    );
  });

  it("names five faults at most", ({ expect }) => {
    const states = Object.fromEntries(
      Array.from({ length: 9 }, (_, at) => [`s${at}`, { say: both("x"), next: "gone" }]),
    );
    try {
      parseDefinition(writeFlow({}, states));
      expect.unreachable();
    } catch (error) {
      expect((error as Error).message.split(";")).toHaveLength(5);
    }
  });

  it("of any shape is taken or refused, and nothing else", ({ expect }) => {
    const value = fc.jsonValue({ maxDepth: 4 });
    const near = fc.record(
      {
        flow: fc.constant("lunch"),
        title: fc.constant(both("x")),
        start: fc.constantFrom("a", "constructor", "__proto__"),
        states: fc.dictionary(
          fc.constantFrom("a", "b", "constructor", "__proto__", "toString"),
          fc.oneof(
            value,
            fc.record({ say: fc.constant(both("{a}")), next: fc.constantFrom("a", "b") }),
            fc.record({ ask: fc.constant(both("?")), accept: value, next: value }),
            fc.record({ end: fc.constantFrom("done", "model", "x") }),
          ),
        ),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(value, near), (given) => {
        try {
          parseDefinition(given);
        } catch (error) {
          expect(isAppError(error) && error.code).toBe("flow/bad_definition");
        }
      }),
      { numRuns: 500 },
    );
  });
});
