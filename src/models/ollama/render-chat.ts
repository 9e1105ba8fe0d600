/** A chat as the body of Ollama's /api/chat. */
import type {
  ChatRequest,
  JsonObject,
  PromptMessage,
  Sampling,
  ToolSpec,
} from "../../core/ports.ts";

/** How long the server keeps a model loaded after an answer. */
export const KEEP_ALIVE = "30m";

export function renderChat(
  request: ChatRequest,
  model: string,
  contextTokens: number,
  thinks: boolean,
): JsonObject {
  const { tools = [], format } = request;
  return {
    model,
    messages: request.messages.map(renderMessage),
    ...(tools.length > 0 ? { tools: tools.map(renderTool) } : {}),
    ...(format ? { format } : {}),
    stream: true,
    // Left out it means true for a model that thinks, and an error for one that does not.
    ...(thinks ? { think: false } : {}),
    // A chat that is too long is an error here; the server would cut it silently.
    truncate: false,
    keep_alive: KEEP_ALIVE,
    options: {
      num_ctx: contextTokens,
      num_predict: request.maxTokens,
      ...renderSampling(request.sampling ?? {}),
    },
  };
}

/** JSON leaves out what is undefined. */
function renderSampling(sampling: Sampling): JsonObject {
  return {
    temperature: sampling.temperature,
    top_p: sampling.topP,
    seed: sampling.seed,
    presence_penalty: sampling.presencePenalty,
    frequency_penalty: sampling.frequencyPenalty,
    stop: sampling.stop,
  };
}

/** A chat without messages: the server loads the model, with the options that chats have, and says nothing. */
export function renderWarmUp(model: string, contextTokens: number): JsonObject {
  return {
    model,
    messages: [],
    stream: false,
    keep_alive: KEEP_ALIVE,
    options: { num_ctx: contextTokens },
  };
}

function renderTool(tool: ToolSpec): JsonObject {
  return { type: "function", function: tool };
}

function renderMessage({ toolCalls = [], toolCall, ...rest }: PromptMessage): JsonObject {
  return {
    ...rest,
    ...(toolCalls.length > 0
      ? {
          tool_calls: toolCalls.map(({ id, name, arguments: given }) => ({
            id,
            function: { name, arguments: given },
          })),
        }
      : {}),
    ...(toolCall ? { tool_call_id: toolCall.id, tool_name: toolCall.name } : {}),
  };
}
