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

/** The first of the texts that hints at the tool; after all of them where none does. */
function firstHint({ spec, hints }: OfferedTool, texts: readonly string[]): number {
  const at = texts.findIndex((text) => hints.test(text) || text.includes(spec.name));
  return at < 0 ? texts.length : at;
}

export function toolTokens(tool: Pick<OfferedTool, "spec">): number {
  return estimateTokens(JSON.stringify({ type: "function", function: tool.spec }));
}

/**
 * `texts` are what people wrote, as far as the model is told it, the newest last. Where not all tools fit, those come first
 * that were hinted at first: a later message adds the tool that it hints at, and takes away none that was hinted at before.
 */
export function chooseTools<Tool extends OfferedTool>(
  tools: readonly Tool[],
  texts: readonly string[],
  contextTokens: number,
): Tool[] {
  const looked = texts.map((text) => text.slice(0, MAX_HINT_UNITS));
  const hinted = tools.map((tool) => ({ tool, at: firstHint(tool, looked) }));
  const isHinted = looked.some((text) => ANY_TOOL.test(text));
  if (!isHinted && hinted.every(({ at }) => at === texts.length)) return [];
  let left = Math.min(MAX_TOOL_TOKENS, Math.floor(contextTokens * CONTEXT_SHARE));
  const chosen = new Set<Tool>();
  for (const { tool } of hinted.toSorted((a, b) => a.at - b.at)) {
    const tokens = toolTokens(tool);
    if (tokens > left) continue;
    left -= tokens;
    chosen.add(tool);
  }
  return tools.filter((tool) => chosen.has(tool));
}
