/** A flow with one of everything, for tests to change. */
import { parseDefinition } from "../../../src/flows/definition.ts";
import type { Definition } from "../../../src/flows/definition-schema.ts";

const both = (text: string) => ({ en: text, zh: `中${text}` });

/** As its author would write it; anything in it may be replaced. */
export function writeFlow(
  given: Record<string, unknown> = {},
  states: Record<string, unknown> = {},
) {
  return {
    flow: "lunch",
    title: both("Lunch"),
    phrases: ["order lunch"],
    start: "hello",
    states: {
      hello: { say: both("Hello {person}."), next: "dish" },
      dish: {
        ask: both("Soup or cake?"),
        label: both("Dish"),
        accept: {
          type: "choice",
          choices: [
            { value: "soup", ...both("Soup"), also: ["broth"] },
            { value: "cake", ...both("Cake") },
          ],
        },
        otherwise: { after: 2, go: "person" },
        timeout: { after: "10s", go: "dish" },
        next: [{ when: { dish: "cake" }, go: "done" }, { go: "note" }],
      },
      note: {
        ask: both("Any wish for the {dish}?"),
        label: both("Wish"),
        accept: { type: "text", max: 20 },
        optional: true,
        next: "model",
      },
      done: { end: "done", say: both("Enjoy.") },
      model: { end: "model", say: both("Noted: {note}") },
      person: { end: "person" },
      ...states,
    },
    ...given,
  };
}

export function smallFlow(
  given?: Record<string, unknown>,
  states?: Record<string, unknown>,
): Definition {
  return parseDefinition(writeFlow(given, states));
}
