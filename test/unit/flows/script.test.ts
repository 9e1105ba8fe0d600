import { describe, it } from "vitest";
import { MAX_DIALOGUES, MAX_STEPS, parseScript, rehearse } from "../../../src/flows/script.ts";
import { smallFlow } from "./small-flow.ts";

type Line = { say: string; expect?: string | string[] } | { silence: true };

function problemOf(steps: Line[], more: Record<string, unknown> = {}): string | undefined {
  const script = parseScript({ dialogues: [{ name: "one", steps, ...more }] });
  const [first] = rehearse(smallFlow(), script);
  return first?.problem;
}

const begin = { say: "order lunch", expect: ["Hello Ada", "2. Cake"] };

describe("a rehearsal", () => {
  it("finds nothing where all goes as written", ({ expect }) => {
    const cake = { say: "cake", expect: "Enjoy" };
    expect(problemOf([begin, cake], { ends: "done", answers: { dish: "cake" } })).toBeUndefined();
    expect(problemOf([begin])).toBeUndefined();
    expect(problemOf([{ say: "/flow lunch" }, { silence: true }])).toBeUndefined();
  });

  it.for<[string, Line[], Record<string, unknown>, string]>([
    [
      "another text",
      [{ say: "order lunch", expect: "Dinner" }],
      {},
      "step 1: “Dinner” is not in “Hello Ada.\n\nSoup or cake?\n\n1. Soup\n2. Cake”",
    ],
    ["another beginning", [{ say: "hello" }], {}, "step 1: this does not begin the flow"],
    ["silence at first", [{ silence: true }], {}, "step 1: this does not begin the flow"],
    [
      "more than it takes",
      [begin, { say: "cake" }, { say: "thanks" }],
      {},
      "step 3: the dialogue is over (done)",
    ],
    ["another end", [begin, { say: "cake" }], { ends: "model" }, "it ends as done, not as model"],
    ["no end", [begin], { ends: "done" }, "it ends as a question, not as done"],
    ["an end", [begin, { say: "cake" }], {}, "it ends as done, not as a question"],
    [
      "another answer",
      [begin, { say: "cake" }],
      { ends: "done", answers: { dish: "soup" } },
      "the answer dish is cake, not soup",
    ],
    [
      "an answer not given",
      [begin],
      { answers: { note: "x" } },
      "the answer note is not given, not x",
    ],
  ])("finds %s", ([, steps, more, problem], { expect }) => {
    expect(problemOf(steps, more)).toBe(problem);
  });

  it("is on the day that its script names, wherever the flow is at home", ({ expect }) => {
    const when = { en: "When?", zh: "何时？" };
    const day = { ask: when, accept: { type: "date" }, next: "done" };
    for (const timezone of ["UTC", "Asia/Shanghai", "Pacific/Kiritimati", "Pacific/Pago_Pago"]) {
      const flow = smallFlow({ timezone, start: "day", states: { day, done: { end: "done" } } });
      const steps = [{ say: "order lunch" }, { say: "today" }];
      const dialogue = {
        name: "x",
        today: "2026-11-21",
        steps,
        ends: "done",
        answers: { day: "2026-11-21" },
      };
      expect(rehearse(flow, parseScript({ dialogues: [dialogue] }))).toEqual([{ name: "x" }]);
    }
  });
});

describe("a script", () => {
  it(`has ${MAX_DIALOGUES} dialogues of ${MAX_STEPS} steps at most`, ({ expect }) => {
    const script = (dialogues: number, steps: number) => ({
      dialogues: Array.from({ length: dialogues }, (_, at) => {
        return { name: `d${at}`, steps: Array.from({ length: steps }, () => ({ say: "x" })) };
      }),
    });
    expect(parseScript(script(MAX_DIALOGUES, MAX_STEPS)).dialogues).toHaveLength(MAX_DIALOGUES);
    expect(() => parseScript(script(MAX_DIALOGUES + 1, 1))).toThrow(
      `dialogues: Invalid length: Expected <=${MAX_DIALOGUES} but received ${MAX_DIALOGUES + 1}.`,
    );
    expect(() => parseScript(script(1, MAX_STEPS + 1))).toThrow(
      `dialogues.0.steps: Invalid length: Expected <=${MAX_STEPS} but received ${MAX_STEPS + 1}.`,
    );
  });

  it.for<[unknown, string]>([
    [[], 'dialogues: Invalid key: Expected "dialogues" but received undefined.'],
    [{ dialogues: [] }, "dialogues: Invalid length: Expected >=1 but received 0."],
    [
      { dialogues: [{ name: "x", steps: [{ sey: "x" }] }] },
      "dialogues.0.steps.0: say: with a text, or silence: true, is expected, and expect:.",
    ],
    [
      { dialogues: [{ name: "x", today: "today", steps: [{ say: "x" }] }] },
      "dialogues.0.today: a day such as 2026-11-21 is expected.",
    ],
  ])("of another form is refused: %j", ([given, message], { expect }) => {
    expect(() => parseScript(given)).toThrow(
      expect.objectContaining({ code: "flow/bad_script", message }),
    );
  });
});
