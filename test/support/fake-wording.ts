/** How the fake server writes an answer down: as Ollama's lines, and as OpenAI's events. */
import { type FakePiece, renderPiece } from "./fake-ollama-answer.ts";
import type { FakeToolCall } from "./fake-tool-call.ts";

interface FakeEnd {
  model: string;
  reason: "stop" | "length";
  promptTokens: number;
  outputTokens: number;
}

export interface Wording {
  contentType: string;
  /** One token; `extra` is text within its JSON. */
  piece(model: string, piece: FakePiece, extra: string): string;
  call(model: string, call: FakeToolCall): string;
  /** Half a line. */
  broken(model: string): string;
  failure(sentence: string): string;
  last(end: FakeEnd): string;
}

export const OLLAMA_WORDING: Wording = {
  contentType: "application/x-ndjson",
  piece: renderPiece,
  call: (model, call) =>
    `${JSON.stringify({
      model,
      message: { role: "assistant", content: "", tool_calls: [{ function: call }] },
      done: false,
    })}\n`,
  broken: (model) => `{"model":"${model}","message":{"role":"assistant","con\n`,
  failure: (sentence) => `${JSON.stringify({ error: sentence })}\n`,
  last: ({ model, reason, promptTokens, outputTokens }) =>
    `${JSON.stringify({
      model,
      message: { role: "assistant", content: "" },
      done: true,
      done_reason: reason,
      prompt_eval_count: promptTokens,
      eval_count: outputTokens,
    })}\n`,
};

function event(data: object | string): string {
  return `data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
}

function chunk(model: string, delta: object, finish: string | null = null): string {
  return event({
    id: "chatcmpl-fake",
    object: "chat.completion.chunk",
    model,
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
}

export const OPENAI_WORDING: Wording = {
  contentType: "text/event-stream",
  piece: (model, { field, text }) =>
    chunk(model, field === "content" ? { content: text } : { reasoning_content: text }),
  call: (model, { name, arguments: given }) =>
    chunk(model, {
      tool_calls: [
        {
          index: 0,
          id: "call_fake",
          type: "function",
          function: { name, arguments: JSON.stringify(given) },
        },
      ],
    }),
  broken: (model) => `data: {"model":"${model}","choices":[{"delta":{"con\n\n`,
  failure: (sentence) => event({ error: { code: 500, message: sentence, type: "server_error" } }),
  last: ({ model, reason, promptTokens, outputTokens }) =>
    chunk(model, {}, reason) +
    event({
      model,
      choices: [],
      usage: { prompt_tokens: promptTokens, completion_tokens: outputTokens },
    }) +
    event("[DONE]"),
};
