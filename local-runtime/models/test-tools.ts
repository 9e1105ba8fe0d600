/** `rockpool model test`: puts the evaluation's cases to a model through the running server, and adds up the scores. */
import * as v from "valibot";
import type { ToolCaseCount, ToolCaseResult } from "../../src/core/tool-test.ts";
import { callAdmin } from "../admin/admin-client.ts";

/** For one case: the server gives up a little earlier. */
const CASE_TIMEOUT_MS = 330_000;
/** The server has fewer; more than this is no answer of ours. */
const MAX_CASES = 1_000;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const CountSchema: v.GenericSchema<unknown, ToolCaseCount> = v.object({
  count: v.pipe(count, v.maxValue(MAX_CASES)),
});
const ResultSchema: v.GenericSchema<unknown, ToolCaseResult> = v.object({
  number: count,
  lang: v.picklist(["en", "zh"]),
  text: v.string(),
  tool: v.string(),
  called: v.string(),
  isToolRight: v.boolean(),
  areArgumentsRight: v.boolean(),
  model: v.string(),
  ms: v.pipe(v.number(), v.minValue(0)),
});

/** One case after the other. Throws server/*, and what the model's failure is. */
export async function* testTools(
  adminSocket: string,
  model: string | undefined,
): AsyncGenerator<ToolCaseResult, void> {
  const call = { method: "GET", path: "/tool-cases", reply: CountSchema } as const;
  const cases = await callAdmin(adminSocket, call);
  const query = model === undefined ? "" : `?model=${encodeURIComponent(model)}`;
  for (let number = 1; number <= cases.count; number += 1)
    yield await callAdmin(adminSocket, {
      method: "POST",
      path: `/tool-cases/${number}${query}`,
      reply: ResultSchema,
      timeoutMs: CASE_TIMEOUT_MS,
    });
}

export interface Score {
  cases: number;
  rightTools: number;
  rightArguments: number;
}

export interface ScoreTable {
  model: string;
  all: Score;
  byLanguage: Record<string, Score>;
  byTool: Record<string, Score>;
  /** Mean of all cases. */
  caseMs: number;
}

function scoreOf(results: readonly ToolCaseResult[]): Score {
  return {
    cases: results.length,
    rightTools: results.filter((result) => result.isToolRight).length,
    rightArguments: results.filter((result) => result.areArgumentsRight).length,
  };
}

function scoresBy(
  results: readonly ToolCaseResult[],
  keyOf: (result: ToolCaseResult) => string,
): Record<string, Score> {
  const groups = Map.groupBy(results, keyOf);
  return Object.fromEntries([...groups].map(([key, group]) => [key, scoreOf(group)]));
}

export function scoreTable(results: readonly ToolCaseResult[]): ScoreTable {
  const totalMs = results.reduce((sum, { ms }) => sum + ms, 0);
  return {
    model: results[0]?.model ?? "",
    all: scoreOf(results),
    byLanguage: scoresBy(results, ({ lang }) => lang),
    byTool: scoresBy(results, ({ tool }) => tool),
    caseMs: results.length === 0 ? 0 : Math.round(totalMs / results.length),
  };
}

/** A line for each case, as it comes. */
export function renderCase(result: ToolCaseResult): string {
  const { number, text, tool, called, isToolRight, areArgumentsRight } = result;
  const verdict = areArgumentsRight
    ? "right"
    : isToolRight
      ? "wrong arguments"
      : `called ${called}`;
  return `${String(number).padStart(3)}  ${tool.padEnd(15)} ${verdict.padEnd(22)} ${text}`;
}

const NAMES: Readonly<Record<string, string>> = { en: "English", zh: "Chinese", none: "no tool" };

export function renderTable({ model, all, byLanguage, byTool, caseMs }: ScoreTable): string {
  const line = (name: string, { cases, rightTools, rightArguments }: Score) =>
    `${name.padEnd(16)}${share(rightTools, cases)}${share(rightArguments, cases)}`;
  const lines = (scores: Record<string, Score>) =>
    Object.entries(scores).map(([name, score]) => line(NAMES[name] ?? name, score));
  return [
    `${model}, ${all.cases} cases, ${caseMs} ms each`,
    "",
    `${"".padEnd(16)}${"right tool".padStart(16)}${"and arguments".padStart(16)}`,
    ...lines(byTool),
    "",
    ...lines(byLanguage),
    line("all", all),
  ].join("\n");
}

function share(right: number, cases: number): string {
  const percent = cases === 0 ? 0 : Math.round((right / cases) * 100);
  return `${right}/${cases} (${percent} %)`.padStart(16);
}
