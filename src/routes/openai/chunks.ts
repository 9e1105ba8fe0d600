/** The forms of an answer: whole, or in chunks as server-sent events. What is the same in all chunks is written once. */
import type { ToolCall, Usage } from "../../core/ports.ts";
import type { OpenAiError } from "./errors.ts";

export interface AnswerHead {
  id: string;
  /** In seconds since 1970. */
  created: number;
  model: string;
}

type FinishReason = "stop" | "length" | "tool_calls";

export function createHead(model: string): AnswerHead {
  const id = `chatcmpl-${crypto.randomUUID().replaceAll("-", "")}`;
  return { id, created: Math.floor(Date.now() / 1000), model };
}

function renderUsage({ promptTokens, outputTokens }: Usage) {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: outputTokens,
    total_tokens: promptTokens + outputTokens,
  };
}

/** The server's own ids begin anew in each answer; a client puts many answers into one chat. */
function renderCall({ name, arguments: given }: ToolCall) {
  const id = `call_${crypto.randomUUID().replaceAll("-", "")}`;
  return { id, type: "function", function: { name, arguments: JSON.stringify(given) } };
}

function finishOf(reason: "stop" | "length", calls: number): FinishReason {
  return calls > 0 && reason === "stop" ? "tool_calls" : reason;
}

export function renderCompletion(
  { id, created, model }: AnswerHead,
  answer: { text: string; calls: ToolCall[]; reason: "stop" | "length"; usage?: Usage },
) {
  const { text, calls, reason, usage } = answer;
  const message = {
    role: "assistant",
    content: text === "" && calls.length > 0 ? null : text,
    refusal: null,
    ...(calls.length > 0 ? { tool_calls: calls.map(renderCall) } : {}),
  };
  const finish_reason = finishOf(reason, calls.length);
  return {
    id,
    object: "chat.completion",
    created,
    model,
    choices: [{ index: 0, message, logprobs: null, finish_reason }],
    ...(usage ? { usage: renderUsage(usage) } : {}),
  };
}

export class ChunkWriter {
  /** Up to the delta, which is all that differs from token to token. */
  readonly #open: string;
  readonly #head: Record<string, unknown>;
  readonly #includeUsage: boolean;
  #calls = 0;

  constructor({ id, created, model }: AnswerHead, includeUsage: boolean) {
    this.#head = { id, object: "chat.completion.chunk", created, model };
    this.#includeUsage = includeUsage;
    this.#open = `data: ${JSON.stringify(this.#head).slice(0, -1)},"choices":[{"index":0,"delta":`;
  }

  #chunk(delta: string, finish: FinishReason | null): string {
    const reason = finish === null ? "null" : `"${finish}"`;
    // Clients that ask for the usage are promised the field in every chunk.
    const usage = this.#includeUsage ? `,"usage":null` : "";
    return `${this.#open}${delta},"logprobs":null,"finish_reason":${reason}}]${usage}}\n\n`;
  }

  begin(): string {
    return this.#chunk(`{"role":"assistant","content":""}`, null);
  }

  text(text: string): string {
    return this.#chunk(`{"content":${JSON.stringify(text)}}`, null);
  }

  call(call: ToolCall): string {
    const delta = { tool_calls: [{ index: this.#calls, ...renderCall(call) }] };
    this.#calls += 1;
    return this.#chunk(JSON.stringify(delta), null);
  }

  end(reason: "stop" | "length", usage: Usage | undefined): string {
    const last = this.#chunk("{}", finishOf(reason, this.#calls));
    const spent = { ...this.#head, choices: [], usage: usage ? renderUsage(usage) : null };
    const cost = this.#includeUsage ? `data: ${JSON.stringify(spent)}\n\n` : "";
    return `${last}${cost}data: [DONE]\n\n`;
  }

  /** The answer broke: clients throw this, as they would a status. */
  failure(error: OpenAiError): string {
    return `data: ${JSON.stringify(error)}\n\n`;
  }
}
