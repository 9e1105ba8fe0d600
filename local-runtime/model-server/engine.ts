/**
 * What the model server needs of an inference engine, as types: the server is written against these, and tests run it
 * with an engine of their own.
 */

/** A JSON value, or a JSON Schema, as an object. */
export type JsonObject = Record<string, unknown>;

export interface EngineToolCall {
  name: string;
  arguments: JsonObject;
}

export interface EngineMessage {
  role: "system" | "user" | "assistant" | "tool";
  content: string;
  toolCalls: EngineToolCall[];
  /** Of a tool's message: the tool that answers. */
  toolName?: string;
}

export interface EngineTool {
  name: string;
  description: string;
  /** JSON Schema of an object. */
  parameters: JsonObject;
}

export interface EngineChat {
  messages: EngineMessage[];
  tools: EngineTool[];
  /** What the answer is held to: any JSON, or JSON of a schema. */
  format?: "json" | JsonObject;
  /** True where the model may think before it answers. */
  think: boolean;
  /** Undefined: as many as the context has room for. */
  maxTokens?: number;
  /** A prompt that does not fit is an error where this is false; its oldest turns are left out where it is true. */
  truncate: boolean;
  sampling: Sampling;
  stop: string[];
}

export interface Sampling {
  temperature: number;
  topK: number;
  topP: number;
  minP: number;
  seed?: number;
}

export type EnginePiece =
  | { kind: "text" | "thinking"; text: string }
  | { kind: "tool_call"; call: EngineToolCall };

export interface EngineEnd {
  reason: "stop" | "length";
  /** Of the whole prompt. */
  promptTokens: number;
  /** Of the prompt: those that an earlier call had left evaluated, and that cost nothing now. */
  cachedTokens: number;
  outputTokens: number;
  promptMs: number;
  outputMs: number;
}

export interface EngineVectors {
  vectors: number[][];
  /** Of all texts. */
  promptTokens: number;
}

/** A model in memory, with contexts of its own. One call at a time. */
export interface EngineModel {
  /** The context in force; at most what the model was made for. */
  readonly contextTokens: number;
  /** Throws PromptTooLong, or the signal's reason. */
  chat(
    chat: EngineChat,
    onPiece: (piece: EnginePiece) => void,
    signal: AbortSignal,
  ): Promise<EngineEnd>;
  /** Unit vectors, one for each text. Throws BadRequest for a text that is too long, unless it may be cut. */
  embed(texts: readonly string[], truncate: boolean, signal: AbortSignal): Promise<EngineVectors>;
  unload(): Promise<void>;
}

export interface LoadOptions {
  contextTokens: number;
  /** How many conversations' evaluated tokens are kept; one at least. */
  contexts: number;
}

export interface Engine {
  readonly version: string;
  load(file: string, options: LoadOptions): Promise<EngineModel>;
}

/** The prompt leaves no room for an answer. */
export class PromptTooLong extends Error {
  constructor(promptTokens: number, contextTokens: number) {
    // Clients look for the words "context length".
    super(`the prompt of ${promptTokens} tokens exceeds the context length of ${contextTokens}`);
    this.name = "PromptTooLong";
  }
}
