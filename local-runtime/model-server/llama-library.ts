/**
 * The part of node-llama-cpp that the engine uses, as types, and how it is loaded. The library is no dependency of the
 * project: `rockpool model use` installs it into .runtime/, so that a box with Ollama never carries it.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { EXIT, HostError } from "../host-error.ts";
import type { LibraryFunctions, LibraryTurn } from "./engine-history.ts";

export interface LlamaLibrary {
  getLlama(options: {
    gpu: false;
    build: "never";
    maxThreads: number;
    logLevel: "error";
    progressLogs: false;
  }): Promise<Llama>;
  LlamaChat: new (options: { contextSequence: Sequence }) => Chat;
}

export interface Llama {
  readonly llamaCppRelease?: { release: string };
  loadModel(options: { modelPath: string; gpuLayers: 0 }): Promise<LlamaModel>;
  getGrammarFor(type: "json"): Promise<Grammar>;
  createGrammarForJsonSchema(schema: unknown): Promise<Grammar>;
  dispose(): Promise<void>;
}

/** Made and used by the library alone. */
export type Grammar = { readonly "made by the library": never };
export type Tokenizer = { readonly "made by the library": never };

export interface LlamaModel {
  readonly trainContextSize: number;
  readonly tokenizer: Tokenizer;
  tokenize(text: string): number[];
  createEmbeddingContext(options: {
    contextSize: number;
    threads: number;
  }): Promise<EmbeddingContext>;
  createContext(options: {
    contextSize: number;
    sequences: number;
    threads: number;
  }): Promise<LlamaContext>;
  dispose(): Promise<void>;
}

export interface LlamaContext {
  readonly contextSize: number;
  getSequence(): Sequence;
}

export interface EmbeddingContext {
  getEmbeddingFor(tokens: number[]): Promise<{ readonly vector: readonly number[] }>;
}

export interface Sequence {
  readonly tokenMeter: { readonly usedInputTokens: number; readonly usedOutputTokens: number };
  readonly contextTokens: number[];
  readonly nextTokenIndex: number;
  /** Keeps what is the same from the begin, and forgets the rest. */
  adaptStateToTokens(tokens: number[], allowShift: boolean): Promise<void>;
  evaluateWithoutGeneratingNewTokens(tokens: number[]): Promise<void>;
}

export interface ChunkOfAnswer {
  type: "segment" | undefined;
  segmentType: string | undefined;
  text: string;
}

export interface ChatOptions {
  signal: AbortSignal;
  maxTokens: number;
  temperature: number;
  topK: number;
  topP: number;
  minP: number;
  seed?: number;
  grammar?: Grammar;
  functions?: LibraryFunctions;
  customStopTriggers?: string[];
  budgets?: { thoughtTokens: number };
  onResponseChunk(chunk: ChunkOfAnswer): void;
}

export interface ChatResult {
  functionCalls?: { functionName: string; params: unknown }[];
  metadata: { stopReason: string };
}

export interface Chat {
  readonly chatWrapper: {
    generateContextState(given: {
      chatHistory: LibraryTurn[];
      availableFunctions?: LibraryFunctions;
    }): { contextText: { tokenize(tokenizer: Tokenizer): number[] } };
  };
  generateResponse(turns: LibraryTurn[], options: ChatOptions): Promise<ChatResult>;
  dispose(): void;
}

/** Where the library is installed; `root` is the project's folder. */
export function engineFolder(root: string): string {
  return join(root, ".runtime", "model-engine");
}

export function libraryFile(root: string): string {
  return join(engineFolder(root), "node_modules", "node-llama-cpp", "dist", "index.js");
}

/** Throws model_server/no_engine where it is not installed. */
export async function loadLlamaLibrary(root: string): Promise<LlamaLibrary> {
  const file = libraryFile(root);
  if (!existsSync(file))
    throw new HostError({
      code: "model_server/no_engine",
      message: "The engine of the built-in model server is not installed.",
      fix: "Type `npx rockpool model use <name or file>`: it installs it.",
      exitStatus: EXIT.unavailable,
    });
  const library: LlamaLibrary = await import(pathToFileURL(file).href); // of one exact version, whose face is typed above
  return library;
}
