/** A chat as the body of /v1/chat/completions. */
import type {
  ChatRequest,
  JsonObject,
  PromptMessage,
  Sampling,
  ToolSpec,
} from "../../core/ports.ts";
import type { Flavour, ModelFacts } from "./flavour.ts";

export function renderChat(
  request: ChatRequest,
  model: string,
  flavour: Flavour,
  facts: ModelFacts,
): JsonObject {
  const { tools = [], format, sampling = {} } = request;
  return {
    model,
    messages: request.messages.map(renderMessage),
    ...(tools.length > 0 ? { tools: tools.map(renderTool) } : {}),
    ...(format ? { response_format: renderFormat(format) } : {}),
    stream: true,
    stream_options: { include_usage: true },
    [flavour.maxTokensField]: request.maxTokens,
    ...renderSampling(sampling),
    ...flavour.extraFields(facts),
  };
}

function renderTool(tool: ToolSpec): JsonObject {
  return { type: "function", function: tool };
}

function renderFormat(schema: JsonObject): JsonObject {
  return { type: "json_schema", json_schema: { name: "answer", schema } };
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

function renderMessage(message: PromptMessage): JsonObject {
  const { role, content, images = [], toolCalls = [], toolCall } = message;
  return {
    role,
    content:
      images.length === 0 ? content : [{ type: "text", text: content }, ...images.map(renderImage)],
    ...(toolCalls.length > 0
      ? {
          tool_calls: toolCalls.map(({ id, name, arguments: given, written }) => ({
            id,
            type: "function",
            function: { name, arguments: written ?? JSON.stringify(given) },
          })),
        }
      : {}),
    ...(toolCall ? { tool_call_id: toolCall.id } : {}),
  };
}

/** How the base64 of each kind of picture begins. */
const PICTURES: readonly [start: string, type: string][] = [
  ["iVBORw0KGgo", "image/png"],
  ["R0lGOD", "image/gif"],
  ["UklGR", "image/webp"],
];

function renderImage(base64: string): JsonObject {
  const type = PICTURES.find(([start]) => base64.startsWith(start))?.[1] ?? "image/jpeg";
  return { type: "image_url", image_url: { url: `data:${type};base64,${base64}` } };
}
