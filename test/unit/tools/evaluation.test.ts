/** The evaluation measures what it says: right calls pass, wrong ones do not, and every case hints at its tool. */
import { describe, it } from "vitest";
import { TOOL_CASES } from "../../../src/tools/evaluation/cases.ts";
import { type MadeCall, scoreCalls } from "../../../src/tools/evaluation/score.ts";
import type { RightCall } from "../../../src/tools/evaluation/tool-case.ts";
import { TOOLS } from "../../../src/tools/registry.ts";
import { chooseTools } from "../../../src/turn/choose-tools.ts";

/** What a perfect model would call. */
function rightCall(text: string, right: RightCall): MadeCall[] {
  switch (right.tool) {
    case "calculator":
      return [{ name: "calculator", args: { expression: right.value } }];
    case "time_and_date":
      return [{ name: "time_and_date", args: right.zone ? { place: right.zone } : {} }];
    case "set_reminder":
      return [{ name: "set_reminder", args: { when: right.time, text } }];
    case "remember":
      return [{ name: "remember", args: { fact: text } }];
    case "none":
      return [];
    default:
      return [{ name: right.tool, args: {} }];
  }
}

describe("the cases", () => {
  it("are 60, half of them in each language, with each tool in both", ({ expect }) => {
    expect(TOOL_CASES).toHaveLength(60);
    expect(new Set(TOOL_CASES.map(({ text }) => text)).size).toBe(60);
    const tools = [...TOOLS.map(({ spec }) => spec.name), "none"].sort();
    for (const lang of ["en", "zh"]) {
      const own = TOOL_CASES.filter((item) => item.lang === lang);
      expect(own).toHaveLength(30);
      expect([...new Set(own.map(({ right }) => right.tool))].sort()).toEqual(tools);
    }
  });

  it("are all right for a perfect model", async ({ expect }) => {
    const scores = await Promise.all(
      TOOL_CASES.map(({ text, right }) => scoreCalls(right, rightCall(text, right))),
    );
    expect(TOOL_CASES.filter((_, index) => !scores[index]?.areArgumentsRight)).toEqual([]);
  });

  it("hint at tools where one is right", ({ expect }) => {
    const silent = TOOL_CASES.filter(
      ({ text, right }) => right.tool !== "none" && chooseTools(TOOLS, [text], 8_192).length === 0,
    );
    expect(silent.map(({ text }) => text)).toEqual([]);
    const loud = TOOL_CASES.filter(
      ({ text, right }) => right.tool === "none" && chooseTools(TOOLS, [text], 8_192).length > 0,
    );
    expect(loud.map(({ text }) => text)).toEqual([]);
  });
});

describe("a score", () => {
  const sum: RightCall = { tool: "calculator", value: "5888" };
  it.for<[calls: MadeCall[], tool: boolean, args: boolean]>([
    [[{ name: "calculator", args: { expression: "128*46" } }], true, true],
    [[{ name: "calculator", args: { expression: "128*45" } }], true, false],
    [[{ name: "calculator", args: { expression: "128 by 46" } }], true, false],
    [[{ name: "calculator", args: "128*46" }], true, false],
    [[{ name: "recall", args: {} }], false, false],
    [
      [
        { name: "recall", args: {} },
        { name: "calculator", args: { expression: "128*46" } },
      ],
      false,
      false,
    ],
    [[], false, false],
  ])(
    "of %j is %j for the tool and %j for its arguments",
    async ([calls, tool, args], { expect }) => {
      expect(await scoreCalls(sum, calls)).toMatchObject({
        isToolRight: tool,
        areArgumentsRight: args,
      });
    },
  );

  it("looks at the time that is meant, not at its words", async ({ expect }) => {
    const right: RightCall = { tool: "set_reminder", time: "2026-11-22 09:00", about: /dentist/i };
    const made = (when: string): MadeCall[] => [
      { name: "set_reminder", args: { when, text: "Call the dentist" } },
    ];
    const times = ["tomorrow at 9am", "2026-11-22 09:00", "明天上午9点", "tomorrow", "9pm", "soon"];
    const scores = await Promise.all(times.map((when) => scoreCalls(right, made(when))));
    expect(scores.map((score) => score.areArgumentsRight)).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});
