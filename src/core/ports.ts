/** What a turn needs of the world, as types: turn/ takes all of it as arguments and imports no neighbour. */
import type { ErrorCode } from "./errors.ts";
import type { GateState } from "./gate-protocol.ts";
import type { QueuePlace } from "./stream.ts";

/** A JSON value, or a JSON Schema, as an object. */
export type JsonObject = Record<string, unknown>;

export interface ToolSpec {
  name: string;
  description: string;
  /** JSON Schema of an object. */
  parameters: JsonObject;
}

/** A model's wish to use a tool. The arguments are its words: hostile until the tool's own schema has parsed them. */
export interface ToolCall {
  id: string;
  name: string;
  arguments: JsonObject;
  /** What the model wrote, where its arguments are not a JSON object. `arguments` is empty then. */
  written?: string;
}

export interface PromptMessage {
  role: "system" | "user" | "assistant" | "tool";
  content: string;
  /** Base64, without a data: prefix. */
  images?: string[];
  /** Of an assistant's message. */
  toolCalls?: ToolCall[];
  /** Of a tool's message: the call that it answers. */
  toolCall?: { id: string; name: string };
}

/** How the next token is drawn; what is left out is as the model's makers chose. */
export interface Sampling {
  temperature?: number;
  topP?: number;
  /** The same seed and the same prompt give the same answer, as far as the server keeps to that. */
  seed?: number;
  presencePenalty?: number;
  frequencyPenalty?: number;
  /** Texts that end the answer, and are no part of it. */
  stop?: string[];
}

/** Urgent before interactive before background; what is not urgent rises with its age. */
export type Priority = "urgent" | "interactive" | "background";

/** Who a call is for: what the slots of a model server are shared by. */
export interface Caller {
  /** A person's id, or a name for the box's own work. */
  personId: string;
  /** Looked at again while the call waits. */
  readonly priority: Priority;
  /** The same for each call of one piece of work: it keeps its place in line, and goes on before others. */
  id?: string;
}

export interface ChatRequest {
  caller: Caller;
  /** A name the server lists, or `auto` for the best one installed. */
  model: string;
  messages: PromptMessage[];
  /** Answer budget in tokens. */
  maxTokens: number;
  /** Offered to the model; only where its profile says that it takes them. */
  tools?: ToolSpec[];
  /** JSON Schema that the answer is held to. */
  format?: JsonObject;
  sampling?: Sampling;
  /** Models that may answer, by name or alias; all where it is left out. */
  granted?: readonly string[];
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
  /** All slots of the server are taken. Comes again while the call waits; position 0 once it has a slot. */
  | ({ kind: "waiting" } & QueuePlace)
  | { kind: "loading" }
  | { kind: "thinking"; text: string }
  | { kind: "text"; text: string }
  | { kind: "tool_call"; call: ToolCall }
  /** The last chunk of every whole answer; a stream without it is an error. */
  | { kind: "done"; reason: "stop" | "length"; usage: Usage };

export interface EmbedRequest {
  caller: Caller;
  /** A name the server lists. `auto` is none here: vectors of two models cannot be compared. */
  model: string;
  texts: string[];
  /** Shorter vectors than the model's own, where the model allows it. */
  dimensions?: number;
}

export interface Embeddings {
  model: string;
  /** One for each text, in their order; all of one length. */
  vectors: number[][];
  promptTokens: number;
}

export interface InstalledModel {
  name: string;
  sizeBytes: number;
  parameters?: string;
  quantization?: string;
  capabilities: string[];
  loaded: boolean;
  /** Name of its server, where there are several. */
  server?: string;
}

/** A name that stands for whichever model the owner or a rule chose. */
export interface ModelAlias {
  alias: string;
  /** Undefined where no model fits. */
  model?: string;
}

/** One of several model servers. */
export interface ModelServerSummary {
  name: string;
  status: "up" | "down";
  code?: ErrorCode;
}

/** Too little memory is free on this box: its models make way for a smaller one. */
export interface MemoryPressure {
  freePercent: number;
  /** The model that answers meanwhile. */
  model: string;
}

export type ModelServerState = (
  | {
      status: "up";
      version: string;
      models: InstalledModel[] /** what `auto` means now */;
      chosen?: string;
      aliases?: ModelAlias[];
      servers?: ModelServerSummary[];
      pressure?: MemoryPressure;
    }
  | { status: "down"; code: ErrorCode; servers?: ModelServerSummary[] }
) & {
  /** Its slots, and who waits for them. */
  queue?: GateState;
};

export interface ModelProfile {
  /** The name that `auto` and aliases stand for now. */
  name: string;
  /** The tokens of context it is run with: what is sent as num_ctx. */
  contextTokens: number;
  tools: boolean;
  vision: boolean;
  thinks: boolean;
}

export interface Model {
  /** Throws model/*; ends early and frees the server when `signal` fires. */
  chat(request: ChatRequest, signal: AbortSignal): AsyncIterable<ModelChunk>;
  /** Never throws. Bounded by a short time-out. */
  state(): Promise<ModelServerState>;
  /** Of the model that would answer now. Throws model/*. */
  profile(model: string): Promise<ModelProfile>;
  /** Throws model/*, and the signal's reason when it fires. */
  embed(request: EmbedRequest, signal: AbortSignal): Promise<Embeddings>;
}
