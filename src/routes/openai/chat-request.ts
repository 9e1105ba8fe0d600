/** A chat as a client of OpenAI's API writes it, into the words of the model port. Pure. */
import { AppError } from "../../core/errors.ts";
import type {
  Caller,
  ChatRequest,
  JsonObject,
  ModelProfile,
  PromptMessage,
  Sampling,
} from "../../core/ports.ts";
import type { BodyMessage, ChatBody } from "./chat-schema.ts";

/** Of the context window, where the client does not say how long an answer may be. */
const ANSWER_SHARE = 0.5;

type Content = string | ({ type: "text"; text: string } | { type: "image_url" })[];

/** The texts of a message; the parts of one stand on lines of their own. */
export function textOf(content: Content): string {
  if (typeof content === "string") return content;
  return content.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
}

export function imagesOf(message: BodyMessage): string[] {
  if (message.role !== "user" || typeof message.content === "string") return [];
  return message.content.flatMap((part) => (part.type === "image_url" ? [part.image_url.url] : []));
}

/** Throws http/bad_request for the result of a call that no message before it made. */
function renderMessages(messages: readonly BodyMessage[]): PromptMessage[] {
  const called = new Map<string, string>();
  return messages.map((message, index): PromptMessage => {
    const content = textOf(message.content);
    switch (message.role) {
      case "user": {
        const images = imagesOf(message);
        return { role: "user", content, ...(images.length > 0 ? { images } : {}) };
      }
      case "assistant": {
        const toolCalls = message.tool_calls.map(({ id, function: { name, arguments: given } }) => {
          called.set(id, name);
          return { id, name, arguments: given };
        });
        return { role: "assistant", content, ...(toolCalls.length > 0 ? { toolCalls } : {}) };
      }
      case "tool": {
        const id = message.tool_call_id;
        const name = called.get(id);
        if (name === undefined)
          throw new AppError("http/bad_request", {
            detail: `messages.${index}: no message before it has a tool call of this id.`,
          });
        return { role: "tool", content, toolCall: { id, name } };
      }
      default:
        return { role: "system", content };
    }
  });
}

function renderSampling(body: ChatBody): Sampling {
  const stop = typeof body.stop === "string" ? [body.stop] : body.stop;
  return {
    ...(body.temperature == null ? {} : { temperature: body.temperature }),
    ...(body.top_p == null ? {} : { topP: body.top_p }),
    ...(body.seed == null ? {} : { seed: body.seed }),
    ...(body.presence_penalty == null ? {} : { presencePenalty: body.presence_penalty }),
    ...(body.frequency_penalty == null ? {} : { frequencyPenalty: body.frequency_penalty }),
    ...(stop?.length ? { stop } : {}),
  };
}

function renderFormat({ response_format: wanted }: ChatBody): JsonObject | undefined {
  if (wanted?.type === "json_schema") return wanted.json_schema.schema;
  return wanted?.type === "json_object" ? { type: "object" } : undefined;
}

/** Throws model/unsupported where the model cannot take what the chat holds. */
function verifyAble(body: ChatBody, profile: ModelProfile): void {
  const lacks = (what: string) =>
    new AppError("model/unsupported", { detail: `The model "${profile.name}" takes no ${what}.` });
  if (!profile.tools && body.tools.length > 0 && body.tool_choice === "auto") throw lacks("tools");
  if (!profile.vision && body.messages.some((message) => imagesOf(message).length > 0))
    throw lacks("images");
}

/** Throws http/bad_request, model/unsupported. */
export function renderRequest(
  body: ChatBody,
  profile: ModelProfile,
  model: string,
  caller: Caller,
): ChatRequest {
  verifyAble(body, profile);
  const asked = body.max_completion_tokens ?? body.max_tokens;
  const format = renderFormat(body);
  const tools = body.tool_choice === "none" ? [] : body.tools.map((tool) => tool.function);
  return {
    caller,
    model,
    messages: renderMessages(body.messages),
    maxTokens: Math.min(
      asked ?? Math.floor(profile.contextTokens * ANSWER_SHARE),
      profile.contextTokens,
    ),
    ...(tools.length > 0 ? { tools } : {}),
    ...(format ? { format } : {}),
    sampling: renderSampling(body),
  };
}
