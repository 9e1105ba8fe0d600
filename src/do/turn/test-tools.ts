/** Puts one case of the evaluation to a model, and looks at what it calls. Nothing is run, nothing is stored. */
import { AppError } from "../../core/errors.ts";
import { matchName } from "../../core/match-name.ts";
import type { ToolCaseResult } from "../../core/tool-test.ts";
import type { Toolbox } from "../../core/tools.ts";
import type { Env } from "../../env.ts";
import { type NumberedCase, TOOL_CASES } from "../../tools/evaluation/cases.ts";
import { type MadeCall, scoreCalls } from "../../tools/evaluation/score.ts";
import { CASE_NOW_MS } from "../../tools/evaluation/tool-case.ts";
import { TOOLS } from "../../tools/registry.ts";
import { repairArguments } from "../../tools/repair.ts";
import { answerTokens, renderMessages } from "../../turn/context.ts";
import { runTurn } from "../../turn/run.ts";
import { openModel, openOptions } from "../isolate.ts";

/** A model that needs longer for one case has failed it. */
const CASE_MS = 300_000;

export function countToolCases(): number {
  return TOOL_CASES.length;
}

/** Throws http/not_found, model/*. */
export async function testToolCase(
  env: Env,
  number: number,
  wanted: string | undefined,
): Promise<ToolCaseResult> {
  const item = TOOL_CASES.find((found) => found.number === number);
  if (!item) throw new AppError("http/not_found");
  const model = wanted ?? openOptions(env).ROCKPOOL_MODEL;
  const startedAtMs = Date.now();
  const { name, calls } = await askCase(env, item, model);
  const { lang, text, right } = item;
  const score = await scoreCalls(right, calls);
  return {
    number,
    lang,
    text,
    tool: right.tool,
    ...score,
    model: name,
    ms: Date.now() - startedAtMs,
  };
}

async function askCase(
  env: Env,
  item: NumberedCase,
  model: string,
): Promise<{ name: string; calls: MadeCall[] }> {
  const port = openModel(env);
  const { name, contextTokens, tools } = await port.profile(model);
  const calls: MadeCall[] = [];
  const enough = new AbortController();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    enough.abort();
  }, CASE_MS);
  const request = {
    caller: { personId: "evaluation", priority: "background" as const },
    model,
    messages: renderMessages("", [], { atMs: CASE_NOW_MS, user: item.text }),
    maxTokens: answerTokens(contextTokens),
  };
  const toolbox = recordCalls(calls, () => enough.abort());
  const sink = { state: () => undefined, text: () => undefined };
  try {
    const result = await runTurn(request, port, sink, enough.signal, {
      toolbox,
      how: tools ? "native" : "format",
      resultTokens: contextTokens,
    });
    if (isLate) throw new AppError("model/timeout");
    if (result.status === "failed" || result.status === "postponed") throw result.error;
    return { name, calls };
  } finally {
    clearTimeout(timer);
  }
}

/** All tools, none of which runs: the first round of calls is all that is asked for. */
function recordCalls(calls: MadeCall[], done: () => void): Toolbox {
  const names = TOOLS.map(({ spec }) => spec.name);
  const find = (name: string) => matchName(name, names);
  return {
    specs: TOOLS.map(({ spec }) => spec),
    find,
    async run(call) {
      const spec = TOOLS.find((tool) => tool.spec.name === find(call.name))?.spec;
      const args = repairArguments(call.written ?? call.arguments, spec?.parameters ?? {});
      calls.push({ name: spec?.name ?? call.name, args });
      done();
      return "";
    },
  };
}
