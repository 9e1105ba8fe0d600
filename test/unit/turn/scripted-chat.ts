/** A model that says what a test wrote down, call by call, and remembers what it was asked. */
import type { ChatRequest, Model, ModelChunk } from "../../../src/core/ports.ts";
import type { TurnSink } from "../../../src/turn/ask-model.ts";

export const usage = { model: "m", promptTokens: 10, outputTokens: 2, firstTokenMs: 3, totalMs: 4 };
export const done: ModelChunk = { kind: "done", reason: "stop", usage };

export function say(text: string): ModelChunk {
  return { kind: "text", text };
}

export function call(name: string, args: Record<string, unknown> = {}, id = "c"): ModelChunk {
  return { kind: "tool_call", call: { id, name, arguments: args } };
}

export type Step = ModelChunk | Error;

export interface ScriptedChat extends Pick<Model, "chat"> {
  asked: ChatRequest[];
}

/** The last script is played again where more is asked. */
export function scriptChats(...scripts: readonly (readonly Step[])[]): ScriptedChat {
  const asked: ChatRequest[] = [];
  return {
    asked,
    async *chat(request, signal) {
      const script = scripts[Math.min(asked.length, scripts.length - 1)] ?? [];
      asked.push(request);
      for (const step of script) {
        if (step instanceof Error) throw step;
        if (signal.aborted) return;
        yield step;
      }
      if (!script.includes(done) && !signal.aborted) yield done;
    },
  };
}

export interface RecordedSink extends TurnSink {
  shown: string[];
}

export function recordSink(): RecordedSink {
  const shown: string[] = [];
  return {
    shown,
    state: (state) => shown.push(`<${state}>`),
    text: (delta) => shown.push(delta),
  };
}
