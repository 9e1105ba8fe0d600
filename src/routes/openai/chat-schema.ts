/**
 * The body of POST /v1/chat/completions, as far as it is understood here. What would change the answer and cannot be
 * honoured is refused; what only concerns OpenAI's own business (store, user, metadata …) is left aside.
 */
import * as v from "valibot";
import type { JsonObject } from "../../core/ports.ts";
import { isShallow } from "./json-depth.ts";

export const MAX_MESSAGES = 2_000;
export const MAX_TOOLS = 128;
const MAX_PARTS = 256;
const MAX_CALLS = 128;
const MAX_NAME_UNITS = 256;
const MAX_STOPS = 4;
const MAX_STOP_UNITS = 256;
/** No model here has a longer context. */
const MAX_TOKENS = 1_048_576;

const DATA_URL = /^data:image\/(?:png|jpeg|webp|gif);base64,([A-Za-z0-9+/]+={0,2})$/;

/** Lone halves of characters would be refused by the model server. */
const text = v.pipe(
  v.string(),
  v.transform((given) => given.toWellFormed()),
);
const label = v.pipe(text, v.nonEmpty(), v.maxLength(MAX_NAME_UNITS));
const refused = v.nullish(v.never("nothing"));
/** A record would take a list as well. */
const jsonObject = v.pipe(
  v.unknown(),
  v.check((value) => typeof value === "object" && value !== null && !Array.isArray(value)),
  v.check((value) => isShallow(value)),
  v.transform((value) => value as JsonObject), // checked above
);

function numberBetween(min: number, max: number) {
  return v.nullish(v.pipe(v.number(), v.minValue(min), v.maxValue(max)));
}

const tokens = v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_TOKENS)));

const textPart = v.object({ type: v.literal("text"), text });
const imagePart = v.object({
  type: v.literal("image_url"),
  image_url: v.object({
    url: v.pipe(
      v.string(),
      v.rawTransform(({ dataset, addIssue, NEVER }) => {
        const url = dataset.value;
        if (DATA_URL.test(url)) return url.slice(url.indexOf(",") + 1);
        addIssue({ expected: "a data: URL of a PNG, JPEG, WebP or GIF (no address is fetched)" });
        return NEVER;
      }),
    ),
  }),
});
const parts = v.pipe(v.array(v.variant("type", [textPart, imagePart])), v.maxLength(MAX_PARTS));
const texts = v.union([text, v.pipe(v.array(textPart), v.maxLength(MAX_PARTS))]);

/** The arguments travel as JSON text; a model that was given none may have written nothing. */
const callArguments = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    try {
      const value: unknown = JSON.parse(dataset.value.trim() === "" ? "{}" : dataset.value);
      const parsed = v.safeParse(jsonObject, value);
      if (parsed.success) return parsed.output;
    } catch {
      // told below, as for JSON that is no object
    }
    addIssue({ expected: "a JSON object as text" });
    return NEVER;
  }),
);
const toolCall = v.object({
  id: label,
  type: v.literal("function"),
  function: v.object({ name: label, arguments: callArguments }),
});

const message = v.variant("role", [
  v.object({ role: v.picklist(["system", "developer"]), content: texts }),
  v.object({
    role: v.literal("user"),
    content: v.lazy((given) => (Array.isArray(given) ? parts : text)),
  }),
  v.object({
    role: v.literal("assistant"),
    content: v.nullish(texts, ""),
    tool_calls: v.nullish(v.pipe(v.array(toolCall), v.maxLength(MAX_CALLS)), []),
  }),
  v.object({ role: v.literal("tool"), content: texts, tool_call_id: label }),
]);

const tool = v.object({
  type: v.literal("function"),
  function: v.object({
    name: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,64}$/)),
    description: v.nullish(text, ""),
    parameters: v.nullish(jsonObject, { type: "object", properties: {} }),
  }),
});

const responseFormat = v.variant("type", [
  v.object({ type: v.literal("text") }),
  v.object({ type: v.literal("json_object") }),
  v.object({
    type: v.literal("json_schema"),
    json_schema: v.object({ schema: v.nullish(jsonObject, { type: "object" }) }),
  }),
]);

const stop = v.pipe(text, v.nonEmpty(), v.maxLength(MAX_STOP_UNITS));

export const chatSchema = v.object({
  model: label,
  messages: v.pipe(v.array(message), v.nonEmpty(), v.maxLength(MAX_MESSAGES)),
  stream: v.nullish(v.boolean(), false),
  stream_options: v.nullish(v.object({ include_usage: v.nullish(v.boolean(), false) })),
  max_tokens: tokens,
  max_completion_tokens: tokens,
  temperature: numberBetween(0, 2),
  top_p: numberBetween(0, 1),
  presence_penalty: numberBetween(-2, 2),
  frequency_penalty: numberBetween(-2, 2),
  seed: v.nullish(v.pipe(v.number(), v.safeInteger())),
  stop: v.nullish(v.union([stop, v.pipe(v.array(stop), v.maxLength(MAX_STOPS))])),
  tools: v.nullish(v.pipe(v.array(tool), v.maxLength(MAX_TOOLS)), []),
  tool_choice: v.nullish(v.picklist(["auto", "none"]), "auto"),
  response_format: v.nullish(responseFormat),
  n: v.nullish(v.literal(1)),
  logprobs: v.nullish(v.literal(false)),
  functions: refused,
  function_call: refused,
  audio: refused,
});

export type ChatBody = v.InferOutput<typeof chatSchema>;
export type BodyMessage = ChatBody["messages"][number];
