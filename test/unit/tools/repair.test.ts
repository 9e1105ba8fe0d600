/** The mistakes of small models, each with its repair; and that repairing anything at all does no harm. */
import fc from "fast-check";
import { describe, it } from "vitest";
import { matchName } from "../../../src/core/match-name.ts";
import { repairArguments } from "../../../src/tools/repair.ts";

const schema = {
  type: "object",
  properties: {
    text: { type: "string" },
    count: { type: "integer" },
    is_loud: { type: "boolean" },
    unit: { type: "string", enum: ["celsius", "fahrenheit"] },
    tags: { type: "array", items: { type: "string" } },
    where: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
  required: ["text"],
};
const right = { text: "hi", count: 3 };

describe("arguments", () => {
  it.for<[mistake: string, given: unknown, repaired: unknown]>([
    ["none", right, right],
    ["text for an object", '{"text":"hi","count":3}', right],
    ["a code fence", '```json\n{"text":"hi","count":3}\n```', right],
    ["a code fence without an end", '```json\n{"text":"hi","count":3}', right],
    ["tags", '<tool_call>{"text":"hi","count":3}</tool_call>', right],
    ["a list of one", [right], right],
    ["a wrapping", { arguments: right }, right],
    ["a wrapping in text", { parameters: '{"text":"hi","count":3}' }, right],
    ["the only required argument by itself", "hi", { text: "hi" }],
    ["the only required argument by itself, as a number", 7, { text: "7" }],
    ["a field too many", { ...right, mood: "good", colour: "red" }, right],
    ["another spelling of a field", { Text: "hi", isLoud: true }, { text: "hi", is_loud: true }],
    ["a slip in a field", { text: "hi", cuont: 3 }, right],
    ["a wrong name where one value and one place are left", { message: "hi", count: 3 }, right],
    ["null for what may be left out", { text: "hi", count: null }, { text: "hi" }],
    ["a number in text", { text: "hi", count: "3" }, right],
    ["a number with groups", { text: "hi", count: "1,234,567" }, { text: "hi", count: 1234567 }],
    ["a number for text", { text: 42 }, { text: "42" }],
    ["a list of one for text", { text: ["hi"] }, { text: "hi" }],
    ["yes for true", { text: "hi", is_loud: "Yes" }, { text: "hi", is_loud: true }],
    ["0 for false", { text: "hi", is_loud: 0 }, { text: "hi", is_loud: false }],
    [
      "a choice in another spelling",
      { text: "hi", unit: "Celsius" },
      { text: "hi", unit: "celsius" },
    ],
    ["a slip in a choice", { text: "hi", unit: "farenheit" }, { text: "hi", unit: "fahrenheit" }],
    ["one value for a list", { text: "hi", tags: "a" }, { text: "hi", tags: ["a"] }],
    ["a list in text", { text: "hi", tags: '["a","b"]' }, { text: "hi", tags: ["a", "b"] }],
    ["numbers in a list of texts", { text: "hi", tags: [1, 2] }, { text: "hi", tags: ["1", "2"] }],
    [
      "an object in text",
      { text: "hi", where: '{"city":"Rome"}' },
      { text: "hi", where: { city: "Rome" } },
    ],
    [
      "text for an object of one",
      { text: "hi", where: "Rome" },
      { text: "hi", where: { city: "Rome" } },
    ],
  ])("are read in spite of %s", ([, given, repaired], { expect }) => {
    expect(repairArguments(given, schema)).toEqual(repaired);
  });

  it.for<[doubt: string, given: unknown, left: unknown]>([
    [
      "a comma that may mean two things",
      { text: "hi", count: "3,5" },
      { text: "hi", count: "3,5" },
    ],
    ["a word for a number", { text: "hi", count: "three" }, { text: "hi", count: "three" }],
    ["a choice that is none", { text: "hi", unit: "kelvin" }, { text: "hi", unit: "kelvin" }],
    ["two values without a place", { message: "hi", note: "ho" }, {}],
    ["nothing", undefined, {}],
    ["null", null, {}],
    ["broken JSON, which is text", '{"text": "hi', { text: '{"text": "hi' }],
    ["null for what is required", { text: null }, { text: null }],
  ])("stay as they are with %s", ([, given, left], { expect }) => {
    expect(repairArguments(given, schema)).toEqual(left);
  });

  it("of any form throw nothing, name nothing that is not known, and are repaired once", ({
    expect,
  }) => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.string(), fc.json()), (given) => {
        const repaired = repairArguments(given, schema);
        for (const name of Object.keys(repaired))
          expect(Object.keys(schema.properties)).toContain(name);
      }),
    );
  });

  it("that are right come out as they went in", ({ expect }) => {
    const args = fc.record(
      {
        text: fc.string(),
        count: fc.integer(),
        is_loud: fc.boolean(),
        unit: fc.constantFrom("celsius", "fahrenheit"),
        tags: fc.array(fc.string()),
        where: fc.record({ city: fc.string() }),
      },
      { requiredKeys: ["text"], noNullPrototype: true },
    );
    fc.assert(
      fc.property(args, (given) => {
        expect(repairArguments(given, schema)).toEqual(given);
        expect(repairArguments(JSON.stringify(given), schema)).toEqual(given);
      }),
    );
  });

  it("named like parts of every object are strangers", ({ expect }) => {
    const given = JSON.parse('{"text":"hi","__proto__":{"x":1},"constructor":"y","toString":"z"}');
    const repaired = repairArguments(given, schema);
    expect(Object.keys(repaired)).toEqual(["text"]);
    expect(Object.getPrototypeOf(repaired)).toBe(Object.prototype);
  });
});

describe("names", () => {
  const names = ["calculator", "time_and_date", "remember", "recall"];
  it.for([
    ["calculator", "calculator"],
    ["Calculator", "calculator"],
    ["calculater", "calculator"],
    ["calculat", "calculator"],
    ["timeAndDate", "time_and_date"],
    ["time-and-date", "time_and_date"],
    ["functions.recall", "recall"],
    ["tools/remember", "remember"],
    ["remenber", "remember"],
    ["calc", undefined],
    ["", undefined],
    ["delete_everything", undefined],
    ["x".repeat(5_000), undefined],
    ["constructor", undefined],
  ] as const)("%j means %j", ([given, name], { expect }) => {
    expect(matchName(given, names)).toBe(name);
  });

  it("that are as near to two tools mean neither", ({ expect }) => {
    expect(matchName("set_aa", ["set_ab", "set_ac"])).toBeUndefined();
    expect(matchName("Set_A", ["set_a", "seta"])).toBeUndefined();
  });
});
