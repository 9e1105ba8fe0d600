/**
 * Which tools a turn offers. None, until a message hints at one: a plain chat pays nothing for them. From then on all
 * that fit, in their own order, as long as that message is part of the prompt: the start of the prompt moves once. Pure.
 */
import type { OfferedTool } from "../core/tools.ts";
import { estimateTokens } from "./tokens.ts";

/** For the descriptions of all tools together. */
const MAX_TOOL_TOKENS = 1_400;
/** Of the context at most, for descriptions; a quarter goes to the answer, the rest to the talk. */
const CONTEXT_SHARE = 0.25;
/** Only so much of a message is looked at. */
const MAX_HINT_UNITS = 4_000;

/** Somebody speaks of tools themselves. */
const ANY_TOOL = /\b(?:tool|function)s?\b|工具/i;

function scoreOf(tool: OfferedTool, texts: readonly string[]): number {
  return texts.filter((text) => tool.hints.test(text) || text.includes(tool.spec.name)).length;
}

export function toolTokens(tool: Pick<OfferedTool, "spec">): number {
  return estimateTokens(JSON.stringify({ type: "function", function: tool.spec }));
}

/** `texts` are what people wrote, as far as the model is told it, the newest last. */
export function chooseTools<Tool extends OfferedTool>(
  tools: readonly Tool[],
  texts: readonly string[],
  contextTokens: number,
): Tool[] {
  const looked = texts.map((text) => text.slice(0, MAX_HINT_UNITS));
  const scored = tools.map((tool) => ({ tool, score: scoreOf(tool, looked) }));
  const isHinted = looked.some((text) => ANY_TOOL.test(text));
  if (!isHinted && scored.every(({ score }) => score === 0)) return [];
  let left = Math.min(MAX_TOOL_TOKENS, Math.floor(contextTokens * CONTEXT_SHARE));
  const chosen = new Set<Tool>();
  for (const { tool } of scored.toSorted((a, b) => b.score - a.score)) {
    const tokens = toolTokens(tool);
    if (tokens > left) continue;
    left -= tokens;
    chosen.add(tool);
  }
  return tools.filter((tool) => chosen.has(tool));
}
