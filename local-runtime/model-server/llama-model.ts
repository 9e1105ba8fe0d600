/** A model of llama.cpp in memory: one call at a time, in the context that holds most of the prompt already. */

import { decideContext } from "./context-slots.ts";
import {
  type EngineChat,
  type EngineEnd,
  type EngineModel,
  type EnginePiece,
  type EngineVectors,
  PromptTooLong,
} from "./engine.ts";
import { toLibraryFunctions, toLibraryTurns } from "./engine-history.ts";
import { toLibrarySchema } from "./engine-schema.ts";
import type {
  Chat,
  ChatOptions,
  ChatResult,
  ChunkOfAnswer,
  EmbeddingContext,
  Grammar,
  Llama,
  LlamaModel,
  Sequence,
} from "./llama-library.ts";
import { prefill } from "./prefill.ts";
import { BadRequest } from "./requests.ts";

/** The library adds a begin and an end to a text. */
const RESERVED_TOKENS = 4;

export interface LlamaContextPart {
  sequence: Sequence;
  chat: Chat;
  usedAt: number;
}

export interface LlamaParts {
  llama: Llama;
  model: LlamaModel;
  contextTokens: number;
  /** One at least. Asked at the first chat: a model for vectors alone has none. */
  openContexts(): Promise<LlamaContextPart[]>;
  /** Asked at the first text. */
  openEmbedding(): Promise<EmbeddingContext>;
}

export function createLlamaModel(parts: LlamaParts): EngineModel {
  return new LoadedModel(parts);
}

class LoadedModel implements EngineModel {
  readonly contextTokens: number;
  readonly #parts: LlamaParts;
  #contexts: LlamaContextPart[] = [];
  #embedding: EmbeddingContext | undefined;
  #calls = 0;

  constructor(parts: LlamaParts) {
    this.contextTokens = parts.contextTokens;
    this.#parts = parts;
  }

  async chat(
    chat: EngineChat,
    onPiece: (piece: EnginePiece) => void,
    signal: AbortSignal,
  ): Promise<EngineEnd> {
    if (this.#contexts.length === 0) this.#contexts = await this.#parts.openContexts();
    const turns = toLibraryTurns(chat.messages);
    const functions = chat.tools.length > 0 ? toLibraryFunctions(chat.tools) : undefined;
    const prompt = this.#tokenize(turns, functions);
    const room = this.contextTokens - prompt.length;
    if (room < 1 && !chat.truncate) throw new PromptTooLong(prompt.length, this.contextTokens);
    const grammar = await this.#grammar(chat.format);
    const context = this.#takeContext(prompt);
    const clock = createClock(onPiece);
    const before = used(context.sequence);
    if (room > 0) await prefill(context.sequence, prompt, signal);
    const result = await context.chat.generateResponse(turns, {
      signal,
      // Never past the context's end, but for a client that wants old turns left out.
      maxTokens: Math.min(
        chat.maxTokens ?? this.contextTokens,
        room < 1 ? this.contextTokens : room,
      ),
      ...chat.sampling,
      ...(grammar ? { grammar } : functions ? { functions } : {}),
      ...(chat.stop.length > 0 ? { customStopTriggers: chat.stop } : {}),
      ...(chat.think ? {} : { budgets: { thoughtTokens: 0 } }),
      onResponseChunk: clock.onChunk,
    } satisfies ChatOptions);
    for (const call of result.functionCalls ?? []) onPiece(toToolCall(call));
    const after = used(context.sequence);
    // The meter leaves out the prompt's last token: the answer's first one is chosen from it.
    const evaluated = after.input - before.input + 1;
    const counted = Math.min(prompt.length, this.contextTokens);
    return {
      reason: result.metadata.stopReason === "maxTokens" ? "length" : "stop",
      promptTokens: counted,
      cachedTokens: Math.max(0, counted - evaluated),
      outputTokens: after.output - before.output,
      ...clock.end(),
    };
  }

  async embed(
    texts: readonly string[],
    truncate: boolean,
    signal: AbortSignal,
  ): Promise<EngineVectors> {
    const { model } = this.#parts;
    const inputs = texts.map((text) => model.tokenize(text));
    if (!truncate && inputs.some((tokens) => tokens.length > this.contextTokens - RESERVED_TOKENS))
      throw new BadRequest("the input length exceeds the context length");
    this.#embedding ??= await this.#parts.openEmbedding();
    const vectors: number[][] = [];
    let promptTokens = 0;
    for (const tokens of inputs) {
      signal.throwIfAborted();
      const kept = tokens.slice(0, this.contextTokens - RESERVED_TOKENS);
      const { vector } = await this.#embedding.getEmbeddingFor(kept);
      vectors.push([...vector]);
      promptTokens += kept.length;
    }
    return { vectors, promptTokens };
  }

  async unload(): Promise<void> {
    for (const { chat } of this.#contexts) chat.dispose();
    await this.#parts.model.dispose();
  }

  #tokenize(
    turns: ReturnType<typeof toLibraryTurns>,
    functions: ReturnType<typeof toLibraryFunctions> | undefined,
  ): number[] {
    const [first] = this.#contexts;
    const state = first?.chat.chatWrapper.generateContextState({
      chatHistory: turns,
      ...(functions ? { availableFunctions: functions } : {}),
    });
    return state?.contextText.tokenize(this.#parts.model.tokenizer) ?? [];
  }

  #takeContext(prompt: readonly number[]): LlamaContextPart {
    const contexts = this.#contexts;
    const states = contexts.map(({ sequence, usedAt }) => ({
      tokens: sequence.contextTokens,
      usedAt,
    }));
    const context = contexts[decideContext(states, prompt)];
    if (!context) throw new Error("a model has one context at least");
    this.#calls += 1;
    context.usedAt = this.#calls;
    return context;
  }

  async #grammar(format: EngineChat["format"]): Promise<Grammar | undefined> {
    if (format === undefined) return undefined;
    if (format === "json") return await this.#parts.llama.getGrammarFor("json");
    return await this.#parts.llama.createGrammarForJsonSchema(toLibrarySchema(format));
  }
}

function used({ tokenMeter }: Sequence): { input: number; output: number } {
  return { input: tokenMeter.usedInputTokens, output: tokenMeter.usedOutputTokens };
}

/** Tells the time of the prompt from that of the answer by the first piece. */
function createClock(onPiece: (piece: EnginePiece) => void) {
  const startedAtMs = performance.now();
  let firstAtMs: number | undefined;
  return {
    onChunk: ({ segmentType, text }: ChunkOfAnswer) => {
      firstAtMs ??= performance.now();
      if (text !== "") onPiece({ kind: segmentType === undefined ? "text" : "thinking", text });
    },
    end: () => {
      const nowMs = performance.now();
      const promptEndMs = firstAtMs ?? nowMs;
      return { promptMs: promptEndMs - startedAtMs, outputMs: nowMs - promptEndMs };
    },
  };
}

function toToolCall(call: NonNullable<ChatResult["functionCalls"]>[number]): EnginePiece {
  const given = call.params;
  const isObject = typeof given === "object" && given !== null && !Array.isArray(given);
  return {
    kind: "tool_call",
    call: { name: call.functionName, arguments: isObject ? { ...given } : {} },
  };
}
