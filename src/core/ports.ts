/** What a turn needs of the world, as types: turn/ takes all of it as arguments and imports no neighbour. */
import type { ErrorCode } from "./errors.ts";

export interface PromptMessage {
  role: "system" | "user" | "assistant" | "tool";
  content: string;
  /** Base64, without a data: prefix. */
  images?: string[];
}

export interface ChatRequest {
  /** A name the server lists, or `auto` for the best one installed. */
  model: string;
  messages: PromptMessage[];
  /** Answer budget in tokens. */
  maxTokens: number;
}

export interface Usage {
  model: string;
  promptTokens: number;
  outputTokens: number;
  /** Time to the first token, and of the whole call. */
  firstTokenMs: number;
  totalMs: number;
}

export type ModelChunk =
  | { kind: "loading" }
  | { kind: "thinking"; text: string }
  | { kind: "text"; text: string }
  /** The last chunk of every whole answer; a stream without it is an error. */
  | { kind: "done"; reason: "stop" | "length"; usage: Usage };

export interface InstalledModel {
  name: string;
  sizeBytes: number;
  parameters?: string;
  quantization?: string;
  capabilities: string[];
  loaded: boolean;
}

export type ModelServerState =
  | {
      status: "up";
      version: string;
      models: InstalledModel[] /** what `auto` means now */;
      chosen?: string;
    }
  | { status: "down"; code: ErrorCode };

export interface Model {
  /** Throws model/*; ends early and frees the server when `signal` fires. */
  chat(request: ChatRequest, signal: AbortSignal): AsyncIterable<ModelChunk>;
  /** Never throws. Bounded by a short time-out. */
  state(): Promise<ModelServerState>;
  /** The tokens of context a model is run with: what is sent as num_ctx. */
  contextTokens(model: string): Promise<number>;
}
