/** A model client on a fake server, and what a chat with it came to. */
import { setTimeout as sleep } from "node:timers/promises";
import { ProcessCache } from "../../../src/cache/process-cache.ts";
import { isAppError } from "../../../src/core/errors.ts";
import type { ChatRequest, Model, ModelChunk } from "../../../src/core/ports.ts";
import { createOllama } from "../../../src/models/ollama/ollama.ts";
import { createOpenAi } from "../../../src/models/openai/openai.ts";
import type { ModelServer, ServerOptions } from "../../../src/models/server-model.ts";

/** What the options say where nobody has set them. */
export const PATIENCE = { firstTokenMs: 60_000, nextTokenMs: 20_000 };

export const GIB = 1024 ** 3;

function optionsOf(baseUrl: string, overrides: Partial<ServerOptions>): ServerOptions {
  return {
    fetch,
    baseUrl,
    contextTokens: 8192,
    memoryBytes: 16 * GIB,
    patience: PATIENCE,
    cache: new ProcessCache({ binding: undefined, nowMs: () => Date.now() }),
    nowMs: () => Date.now(),
    ...overrides,
  };
}

export function createClient(baseUrl: string, overrides: Partial<ServerOptions> = {}): ModelServer {
  return createOllama(optionsOf(baseUrl, overrides));
}

export function createOpenAiClient(
  baseUrl: string,
  overrides: Partial<ServerOptions> = {},
): ModelServer {
  return createOpenAi(optionsOf(baseUrl, overrides));
}

export const REQUEST: ChatRequest = {
  caller: { personId: "p", priority: "interactive" },
  model: "tiny",
  messages: [{ role: "user", content: "What brews in the teapot?" }],
  maxTokens: 256,
};

interface ChatOutcome {
  kinds: string[];
  text: string;
  thinking: string;
  done: Extract<ModelChunk, { kind: "done" }> | undefined;
  code: string | undefined;
  message: string | undefined;
  retryAfterMs: number | undefined;
}

/** Failures that are no AppError are thrown. */
export async function runChat(
  model: Model,
  request: Partial<ChatRequest> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<ChatOutcome> {
  const chunks: ModelChunk[] = [];
  let failure: { code: string; message: string; retryAfterMs: number | undefined } | undefined;
  try {
    for await (const chunk of model.chat({ ...REQUEST, ...request }, signal)) chunks.push(chunk);
  } catch (error) {
    if (!isAppError(error)) throw error;
    failure = error;
  }
  const join = (kind: "text" | "thinking") =>
    chunks.map((chunk) => (chunk.kind === kind ? chunk.text : "")).join("");
  return {
    kinds: chunks.map((chunk) => chunk.kind),
    text: join("text"),
    thinking: join("thinking"),
    done: chunks.find((chunk) => chunk.kind === "done"),
    code: failure?.code,
    message: failure?.message,
    retryAfterMs: failure?.retryAfterMs,
  };
}

/** Not held up by faked timers. */
export async function until(condition: () => boolean): Promise<void> {
  const endMs = performance.now() + 5_000;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error("the condition did not come true within 5 s");
    await sleep(2);
  }
}
