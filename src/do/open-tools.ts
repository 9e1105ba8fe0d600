/** The tools of a turn: chosen by what people wrote, bound to who speaks now. */
import { errorCode } from "../core/errors.ts";
import type { ModelProfile } from "../core/ports.ts";
import type { TurnTools } from "../core/tools.ts";
import { emit } from "../observability/emit.ts";
import { describeError } from "../observability/redact.ts";
import { TOOLS } from "../tools/registry.ts";
import { createToolbox } from "../tools/toolbox.ts";
import { chooseTools, toolTokens } from "../turn/choose-tools.ts";
import type { TurnWork } from "./end-turn.ts";

/** What answers of tools may add to the prompt, as a share of the context and at most. */
const RESULT_SHARE = 0.2;
const MAX_RESULT_TOKENS = 4_000;

/** Tools on offer, and the tokens of the context that they need: their descriptions and their answers. */
export interface OpenedTools {
  tools: TurnTools;
  reservedTokens: number;
}

/** Undefined where nothing that people wrote hints at a tool. `texts`: see {@link chooseTools}. */
export function openTools(
  work: TurnWork,
  texts: readonly string[],
  { contextTokens, tools: takesTools }: ModelProfile,
): OpenedTools | undefined {
  const { parts, row } = work;
  const chosen = chooseTools(TOOLS, texts, contextTokens);
  if (chosen.length === 0) return undefined;
  const resultTokens = Math.min(MAX_RESULT_TOKENS, Math.floor(contextTokens * RESULT_SHARE));
  const toolbox = createToolbox({
    tools: chosen,
    contextOf: (index, signal) => ({
      nowMs: parts.nowMs(),
      zone: "UTC",
      callKey: `${row.turnId}:${index}`,
      signal,
    }),
    failed: (tool, error) =>
      emit({
        type: "fault",
        where: `tool:${tool}`,
        code: errorCode(error),
        cause: describeError(error),
      }),
  });
  const specTokens = chosen.reduce((sum, tool) => sum + toolTokens(tool), 0);
  return {
    tools: { toolbox, how: takesTools ? "native" : "format", resultTokens },
    reservedTokens: specTokens + resultTokens,
  };
}
