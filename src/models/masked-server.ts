/** A model server that is told nothing private: what is sent to it is masked first, message by message. */
import type {
  ChatRequest,
  Embeddings,
  EmbedRequest,
  JsonObject,
  ModelChunk,
  ModelProfile,
  ModelServerState,
  PromptMessage,
  ToolCall,
  ToolSpec,
} from "../core/ports.ts";
import type { ListedModel } from "./protocol.ts";
import type { ModelServer } from "./server-model.ts";

type Mask = (text: string) => string;

class MaskedServer implements ModelServer {
  readonly #server: ModelServer;
  readonly #mask: Mask;

  constructor(server: ModelServer, mask: Mask) {
    this.#server = server;
    this.#mask = mask;
  }

  chat(request: ChatRequest, signal: AbortSignal): AsyncIterable<ModelChunk> {
    return this.#server.chat(maskChat(request, this.#mask), signal);
  }

  embed(request: EmbedRequest, signal: AbortSignal): Promise<Embeddings> {
    return this.#server.embed({ ...request, texts: request.texts.map(this.#mask) }, signal);
  }

  profile(model: string): Promise<ModelProfile> {
    return this.#server.profile(model);
  }

  state(): Promise<ModelServerState> {
    return this.#server.state();
  }

  listed(signal: AbortSignal): Promise<ListedModel[]> {
    return this.#server.listed(signal);
  }

  warmUp(model: string): Promise<void> {
    return this.#server.warmUp(model);
  }
}

/** What tools and formats say of themselves is a program's text, too; their names stay, since answers use them. */
function maskChat(request: ChatRequest, mask: Mask): ChatRequest {
  const { messages, tools, format } = request;
  return {
    ...request,
    messages: messages.map((message) => maskMessage(message, mask)),
    ...(tools ? { tools: tools.map((tool) => maskTool(tool, mask)) } : {}),
    ...(format ? { format: maskValues(format, mask) } : {}),
  };
}

function maskTool({ name, description, parameters }: ToolSpec, mask: Mask): ToolSpec {
  return { name, description: mask(description), parameters: maskValues(parameters, mask) };
}

function maskMessage(message: PromptMessage, mask: Mask): PromptMessage {
  const masked = { ...message, content: mask(message.content) };
  const { toolCalls } = message;
  return toolCalls
    ? { ...masked, toolCalls: toolCalls.map((call) => maskCall(call, mask)) }
    : masked;
}

function maskCall(call: ToolCall, mask: Mask): ToolCall {
  const { written } = call;
  return {
    ...call,
    arguments: maskValues(call.arguments, mask),
    ...(written === undefined ? {} : { written: mask(written) }),
  };
}

function maskValues(values: JsonObject, mask: Mask): JsonObject {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, maskValue(value, mask)]),
  );
}

function maskValue(value: unknown, mask: Mask): unknown {
  if (typeof value === "string") return mask(value);
  if (Array.isArray(value)) return value.map((item) => maskValue(item, mask));
  return typeof value === "object" && value !== null
    ? maskValues(value as JsonObject, mask) // neither null nor an array: JSON has only objects left
    : value;
}

/** Pictures are not looked into. */
export function createMaskedServer(server: ModelServer, mask: Mask): ModelServer {
  return new MaskedServer(server, mask);
}
