/** A chat as the engine's library takes it: turns in order, with tool calls and their results within the model's turn. Pure. */
import type { EngineMessage, EngineTool, JsonObject } from "./engine.ts";
import { toLibrarySchema } from "./engine-schema.ts";

export interface LibraryCall {
  type: "functionCall";
  name: string;
  params: unknown;
  result: unknown;
}

export type LibraryTurn =
  | { type: "system" | "user"; text: string }
  | { type: "model"; response: (string | LibraryCall)[] };

export type LibraryFunctions = Record<string, { description: string; params?: JsonObject }>;

/** Ends with a model's turn: the one that the engine writes, or goes on with after a tool's result. */
export function toLibraryTurns(messages: readonly EngineMessage[]): LibraryTurn[] {
  const turns: LibraryTurn[] = [];
  for (const message of messages) {
    if (message.role === "assistant") addToModel(turns, message);
    else if (message.role === "tool") addResult(turns, message);
    else turns.push({ type: message.role, text: message.content });
  }
  modelTurn(turns);
  return turns;
}

/** A tool that states no parameters takes none. Throws BadRequest. */
export function toLibraryFunctions(tools: readonly EngineTool[]): LibraryFunctions {
  return Object.fromEntries(
    tools.map(({ name, description, parameters }) => {
      const takesNone = Object.keys(parameters).length === 0;
      return [name, { description, ...(takesNone ? {} : { params: toLibrarySchema(parameters) }) }];
    }),
  );
}

function modelTurn(turns: LibraryTurn[]): (string | LibraryCall)[] {
  const last = turns.at(-1);
  if (last?.type === "model") return last.response;
  const response: (string | LibraryCall)[] = [];
  turns.push({ type: "model", response });
  return response;
}

function addToModel(turns: LibraryTurn[], { content, toolCalls }: EngineMessage): void {
  const response = modelTurn(turns);
  if (content !== "") response.push(content);
  for (const { name, arguments: params } of toolCalls)
    response.push({ type: "functionCall", name, params, result: "" });
}

/** To the first call of that tool that has no result yet; a result that nobody asked for becomes a call of its own. */
function addResult(turns: LibraryTurn[], { content, toolName }: EngineMessage): void {
  const response = modelTurn(turns);
  const waiting = response.find(
    (item): item is LibraryCall =>
      typeof item !== "string" &&
      item.result === "" &&
      (toolName === undefined || item.name === toolName),
  );
  if (waiting) waiting.result = content;
  else
    response.push({ type: "functionCall", name: toolName ?? "tool", params: {}, result: content });
}
