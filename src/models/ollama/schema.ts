/** What is read of Ollama's answers, and nothing else of them. All numbers and texts from it pass here. */
import * as v from "valibot";
import { capabilities, count, label, listOf, MAX_TOOL_CALLS, name, vector } from "../fields.ts";

/** Set, and not empty, where the model runs on another machine. */
const remote = { remote_host: v.nullish(v.string(), ""), remote_model: v.nullish(v.string(), "") };

const toolCall = v.object({
  id: v.nullish(label, ""),
  function: v.object({ name, arguments: v.nullish(v.unknown(), {}) }),
});

/** One line of an answer. */
export const chatLineSchema = v.object({
  message: v.optional(
    v.object({
      content: v.nullish(v.string(), ""),
      thinking: v.nullish(v.string(), ""),
      tool_calls: v.nullish(v.pipe(v.array(toolCall), v.maxLength(MAX_TOOL_CALLS)), []),
    }),
  ),
  done: v.optional(v.boolean(), false),
  done_reason: v.optional(v.string()),
  prompt_eval_count: v.optional(count, 0),
  eval_count: v.optional(count, 0),
  error: v.optional(v.string()),
  ...remote,
});

export type ChatLine = v.InferOutput<typeof chatLineSchema>;

export const embedSchema = v.object({
  embeddings: v.array(vector),
  prompt_eval_count: v.optional(count, 0),
  ...remote,
});

export const versionSchema = v.object({ version: label });

export const tagsSchema = v.object({
  models: listOf(
    v.object({
      name,
      size: count,
      details: v.optional(
        v.object({ parameter_size: v.optional(label), quantization_level: v.optional(label) }),
        {},
      ),
      /** Empty also where the server is too old to say. */
      capabilities: v.nullish(capabilities, []),
      ...remote,
    }),
  ),
});

export const psSchema = v.object({
  models: listOf(v.object({ name, context_length: v.optional(count) })),
});

export const showSchema = v.object({
  capabilities: v.nullish(capabilities, []),
  model_info: v.nullish(v.record(v.string(), v.unknown()), {}),
  ...remote,
});
