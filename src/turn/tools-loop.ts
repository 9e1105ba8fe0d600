/**
 * Tools for a model that calls them itself: rounds of call and answer until it speaks. In the last round no tool is
 * offered, so that it must.
 */
import type { ChatRequest, Model, PromptMessage, ToolCall, Usage } from "../core/ports.ts";
import type { TurnTools } from "../core/tools.ts";
import { type Asked, askModel, type Said } from "./ask-model.ts";
import { type AnsweredCall, ToolRounds } from "./tool-round.ts";
import { WrittenCalls } from "./written-calls.ts";

/** Calls of the model in one turn, the last one included. */
export const MAX_ROUNDS = 6;

/** Undefined when the signal fired. Throws model/*. */
export async function askWithTools(
  request: ChatRequest,
  model: Pick<Model, "chat">,
  said: Said,
  signal: AbortSignal,
  tools: TurnTools,
): Promise<Asked | undefined> {
  const rounds = new ToolRounds(tools);
  const messages = [...request.messages];
  let usage: Usage | undefined;
  for (let round = 1; ; round += 1) {
    const isLast = round === MAX_ROUNDS || !rounds.isOpen;
    const textBefore = said.text;
    const offered = isLast ? {} : { tools: rounds.specs };
    const asked = await askRound({ ...request, messages, ...offered }, model, said, signal, rounds);
    if (!asked) return undefined;
    usage = addUsage(usage, asked.usage);
    if (isLast || asked.calls.length === 0) return { ...asked, calls: [], usage };
    const answers = await rounds.answer(asked.calls, signal);
    messages.push(...renderRound(said.text.slice(textBefore.length), asked.calls, answers));
    said.beginParagraph();
  }
}

async function askRound(
  request: ChatRequest,
  model: Pick<Model, "chat">,
  said: Said,
  signal: AbortSignal,
  rounds: ToolRounds,
): Promise<Asked | undefined> {
  const written = new WrittenCalls((name) => rounds.find(name));
  const asked = await askModel(request, model, said, signal, written);
  if (!asked) return undefined;
  const { calls, text } = written.end();
  // Beside calls that were made, what was written is the same again; without an offer it is nothing to show either.
  if (calls.length === 0) said.add(text);
  return asked.calls.length > 0 ? asked : { ...asked, calls };
}

function renderRound(
  content: string,
  toolCalls: ToolCall[],
  answers: readonly AnsweredCall[],
): PromptMessage[] {
  return [
    { role: "assistant", content: content.trim(), toolCalls },
    ...answers.map(
      ({ call, text }): PromptMessage => ({
        role: "tool",
        content: text,
        toolCall: { id: call.id, name: call.name },
      }),
    ),
  ];
}

/** The turn's cost: tokens of all rounds, the first token of the first one. */
export function addUsage(sum: Usage | undefined, next: Usage): Usage {
  if (!sum) return next;
  return {
    model: next.model,
    promptTokens: sum.promptTokens + next.promptTokens,
    outputTokens: sum.outputTokens + next.outputTokens,
    firstTokenMs: sum.firstTokenMs,
    totalMs: sum.totalMs + next.totalMs,
  };
}
