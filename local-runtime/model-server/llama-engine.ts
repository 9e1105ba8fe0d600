/** The engine: llama.cpp through node-llama-cpp, on the processor. One model has one sequence, which keeps what the last call evaluated. */
import { availableParallelism } from "node:os";
import {
  type Engine,
  type EngineChat,
  type EngineEnd,
  type EngineModel,
  type EnginePiece,
  PromptTooLong,
} from "./engine.ts";
import { toLibraryFunctions, toLibraryTurns } from "./engine-history.ts";
import { toLibrarySchema } from "./engine-schema.ts";
import {
  type Chat,
  type ChatOptions,
  type ChatResult,
  type ChunkOfAnswer,
  type Grammar,
  type Llama,
  type LlamaLibrary,
  type LlamaModel,
  loadLlamaLibrary,
  type Sequence,
} from "./llama-library.ts";

/** One core is left to everything else: threads that wait for a busy core slow generation down many times over. */
export function engineThreads(cores: number = availableParallelism()): number {
  return Math.max(1, cores - 1);
}

/** `root` is the project's folder. Throws model_server/no_engine. */
export async function openLlamaEngine(root: string): Promise<Engine> {
  const library = await loadLlamaLibrary(root);
  const threads = engineThreads();
  const llama = await library.getLlama({
    gpu: false,
    build: "never",
    maxThreads: threads,
    logLevel: "error",
    progressLogs: false,
  });
  return {
    version: `llama.cpp ${llama.llamaCppRelease?.release ?? ""}`.trim(),
    load: async (file, contextTokens) => {
      const model = await llama.loadModel({ modelPath: file, gpuLayers: 0 });
      try {
        const contextSize = Math.min(contextTokens, model.trainContextSize);
        const context = await model.createContext({ contextSize, sequences: 1, threads });
        return new LoadedModel(
          { llama, library, model, sequence: context.getSequence() },
          contextSize,
        );
      } catch (error) {
        await model.dispose();
        throw error;
      }
    },
  };
}

interface Parts {
  llama: Llama;
  library: LlamaLibrary;
  model: LlamaModel;
  sequence: Sequence;
}

class LoadedModel implements EngineModel {
  readonly contextTokens: number;
  readonly #parts: Parts;
  readonly #chat: Chat;

  constructor(parts: Parts, contextTokens: number) {
    this.#parts = parts;
    this.contextTokens = contextTokens;
    this.#chat = new parts.library.LlamaChat({ contextSequence: parts.sequence });
  }

  async chat(
    chat: EngineChat,
    onPiece: (piece: EnginePiece) => void,
    signal: AbortSignal,
  ): Promise<EngineEnd> {
    const turns = toLibraryTurns(chat.messages);
    const functions = toLibraryFunctions(chat.tools);
    const { contextText } = this.#chat.chatWrapper.generateContextState({
      chatHistory: turns,
      ...(chat.tools.length > 0 ? { availableFunctions: functions } : {}),
    });
    const promptTokens = contextText.tokenize(this.#parts.model.tokenizer).length;
    const room = this.contextTokens - promptTokens;
    if (room < 1 && !chat.truncate) throw new PromptTooLong(promptTokens, this.contextTokens);
    const grammar = await this.#grammar(chat.format);
    const clock = createClock(onPiece);
    const before = this.#used();
    const result = await this.#chat.generateResponse(turns, {
      signal,
      // Never past the context's end, but for a client that wants old turns left out.
      maxTokens: Math.min(
        chat.maxTokens ?? this.contextTokens,
        room < 1 ? this.contextTokens : room,
      ),
      ...chat.sampling,
      ...(grammar ? { grammar } : chat.tools.length > 0 ? { functions } : {}),
      ...(chat.stop.length > 0 ? { customStopTriggers: chat.stop } : {}),
      ...(chat.think ? {} : { budgets: { thoughtTokens: 0 } }),
      onResponseChunk: clock.onChunk,
    } satisfies ChatOptions);
    for (const call of result.functionCalls ?? []) onPiece(toToolCall(call));
    const used = this.#used();
    // The meter leaves out the prompt's last token: the answer's first one is chosen from it.
    const evaluated = used.input - before.input + 1;
    const counted = Math.min(promptTokens, this.contextTokens);
    return {
      reason: result.metadata.stopReason === "maxTokens" ? "length" : "stop",
      promptTokens: counted,
      cachedTokens: Math.max(0, counted - evaluated),
      outputTokens: used.output - before.output,
      ...clock.end(),
    };
  }

  async unload(): Promise<void> {
    this.#chat.dispose();
    await this.#parts.model.dispose();
  }

  #used(): { input: number; output: number } {
    const { usedInputTokens, usedOutputTokens } = this.#parts.sequence.tokenMeter;
    return { input: usedInputTokens, output: usedOutputTokens };
  }

  async #grammar(format: EngineChat["format"]): Promise<Grammar | undefined> {
    if (format === undefined) return undefined;
    if (format === "json") return await this.#parts.llama.getGrammarFor("json");
    return await this.#parts.llama.createGrammarForJsonSchema(toLibrarySchema(format));
  }
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
