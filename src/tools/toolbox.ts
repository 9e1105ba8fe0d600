/** Answers a model's calls: finds the tool, repairs and checks the arguments, limits the time. */
import { errorCode, isAppError } from "../core/errors.ts";
import { matchName } from "../core/match-name.ts";
import type { ToolCall } from "../core/ports.ts";
import type { Toolbox } from "../core/tools.ts";
import { repairArguments } from "./repair.ts";
import { type Tool, type ToolContext, ToolRefusal } from "./tool.ts";

/** For one call of a tool. */
const TOOL_MS = 20_000;

export interface ToolboxOptions {
  tools: readonly Tool[];
  /** The context of the turn's call number `index`. */
  contextOf(index: number, signal: AbortSignal): ToolContext;
  /** Called for what is no refusal: a bug, or something of the box that is not there. */
  failed(tool: string, error: unknown): void;
  timeoutMs?: number;
}

export function createToolbox(options: ToolboxOptions): Toolbox {
  const { tools } = options;
  const names = tools.map(({ spec }) => spec.name);
  const find = (name: string) => matchName(name, names);
  return {
    specs: tools.map(({ spec }) => spec),
    find,
    async run(call, index, signal) {
      signal.throwIfAborted();
      const name = find(call.name);
      const tool = tools.find(({ spec }) => spec.name === name);
      if (!tool) return `There is no tool of this name. There are: ${names.join(", ")}.`;
      return runLimited(tool, call, index, signal, options);
    },
  };
}

async function runLimited(
  tool: Tool,
  call: ToolCall,
  index: number,
  signal: AbortSignal,
  { contextOf, failed, timeoutMs = TOOL_MS }: ToolboxOptions,
): Promise<string> {
  const controller = new AbortController();
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const stop = (reason: unknown) => {
    controller.abort(reason);
    reject(reason);
  };
  const stopped = () => stop(signal.reason);
  const timer = setTimeout(() => stop(new ToolRefusal("It took too long.")), timeoutMs);
  signal.addEventListener("abort", stopped, { once: true });
  try {
    const args = repairArguments(call.written ?? call.arguments, tool.spec.parameters);
    return await Promise.race([tool.run(args, contextOf(index, controller.signal)), ended]);
  } catch (error) {
    signal.throwIfAborted();
    return describeFailure(tool.spec.name, error, failed);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stopped);
  }
}

/** Words for the model: a refusal's own, and none of a bug's. */
function describeFailure(name: string, error: unknown, failed: ToolboxOptions["failed"]): string {
  if (error instanceof ToolRefusal) return `Error: ${error.message}`;
  failed(name, error);
  return isAppError(error)
    ? `Error: ${name} could not do it now (${errorCode(error)}).`
    : `Error: ${name} failed.`;
}
