/** `rockpool model test`: the cases asked one by one, and what is made of the answers. */
import { describe, it } from "vitest";
import {
  renderCase,
  renderTable,
  scoreTable,
  testTools,
} from "../../../../local-runtime/models/test-tools.ts";
import type { ToolCaseResult } from "../../../../src/core/tool-test.ts";
import { problem, startFakeAdmin } from "../../../support/fake-admin.ts";

function result(number: number, given: Partial<ToolCaseResult> = {}): ToolCaseResult {
  return {
    number,
    lang: number % 2 === 1 ? "en" : "zh",
    text: "What is 6 * 7?",
    tool: "calculator",
    called: "calculator",
    isToolRight: true,
    areArgumentsRight: true,
    model: "chat:1b",
    ms: 100,
    ...given,
  };
}

const results = [
  result(1),
  result(2, { areArgumentsRight: false }),
  result(3, {
    tool: "none",
    called: "recall",
    isToolRight: false,
    areArgumentsRight: false,
    ms: 400,
  }),
];

describe("rockpool model test", () => {
  it("asks for each case in turn, of the model that is named", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    admin.handle("GET /tool-cases", () => ({ status: 200, json: { count: 2 } }));
    admin.handle("POST /tool-cases/1?model=a%2Fb", () => ({ status: 200, json: result(1) }));
    admin.handle("POST /tool-cases/2?model=a%2Fb", () => ({ status: 200, json: result(2) }));
    const all: ToolCaseResult[] = [];
    for await (const item of testTools(admin.socketPath, "a/b")) all.push(item);
    expect(all).toEqual([result(1), result(2)]);
  });

  it("stops at a problem, under the server's own code", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    admin.handle("GET /tool-cases", () => ({ status: 200, json: { count: 2 } }));
    admin.handle("POST /tool-cases/1", () => problem("model/unavailable"));
    const cases = testTools(admin.socketPath, undefined);
    await expect(cases.next()).rejects.toMatchObject({ code: "model/unavailable" });
  });

  it("shows each case and adds them up", ({ expect }) => {
    expect(results.map(renderCase)).toEqual([
      "  1  calculator      right                  What is 6 * 7?",
      "  2  calculator      wrong arguments        What is 6 * 7?",
      "  3  none            called recall          What is 6 * 7?",
    ]);
    expect(scoreTable(results)).toEqual({
      model: "chat:1b",
      all: { cases: 3, rightTools: 2, rightArguments: 1 },
      byLanguage: {
        en: { cases: 2, rightTools: 1, rightArguments: 1 },
        zh: { cases: 1, rightTools: 1, rightArguments: 0 },
      },
      byTool: {
        calculator: { cases: 2, rightTools: 2, rightArguments: 1 },
        none: { cases: 1, rightTools: 0, rightArguments: 0 },
      },
      caseMs: 200,
    });
    expect(renderTable(scoreTable(results)).split("\n")).toEqual([
      "chat:1b, 3 cases, 200 ms each",
      "",
      "                      right tool   and arguments",
      "calculator           2/2 (100 %)      1/2 (50 %)",
      "no tool                0/1 (0 %)       0/1 (0 %)",
      "",
      "English               1/2 (50 %)      1/2 (50 %)",
      "Chinese              1/1 (100 %)       0/1 (0 %)",
      "all                   2/3 (67 %)      1/3 (33 %)",
    ]);
  });
});
