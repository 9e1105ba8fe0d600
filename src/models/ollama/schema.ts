/** What is read of a model server's answers, and nothing else of them. All numbers and texts from it pass here. */
import * as v from "valibot";

/** More installed models than these are not listed. */
export const MAX_MODELS = 256;
const MAX_NAME_UNITS = 256;
const MAX_CAPABILITIES = 32;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const name = v.pipe(v.string(), v.nonEmpty(), v.maxLength(MAX_NAME_UNITS));
const label = v.pipe(v.string(), v.maxLength(MAX_NAME_UNITS));
const capabilities = v.pipe(v.array(label), v.maxLength(MAX_CAPABILITIES));

/** Set, and not empty, where the model runs on another machine. */
const remote = { remote_host: v.nullish(v.string(), ""), remote_model: v.nullish(v.string(), "") };

/** Tool calls in one line; a model that wishes for more has lost its way. */
const MAX_TOOL_CALLS = 32;

const toolCall = v.object({
  id: v.nullish(label, ""),
  function: v.object({ name, arguments: v.nullish(v.record(v.string(), v.unknown()), {}) }),
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

/** Of one text. */
const MAX_DIMENSIONS = 16_384;

const vector = v.pipe(
  v.array(v.pipe(v.number(), v.finite())),
  v.nonEmpty(),
  v.maxLength(MAX_DIMENSIONS),
);

export const embedSchema = v.object({
  embeddings: v.array(vector),
  prompt_eval_count: v.optional(count, 0),
  ...remote,
});

export const errorSchema = v.object({ error: v.string() });

export const versionSchema = v.object({ version: label });

/** A list whose entries stand alone: one that is not of the form hides no other. */
function listOf<const Entry extends v.GenericSchema>(entry: Entry) {
  return v.pipe(
    v.nullish(v.array(v.unknown()), []),
    v.transform((items) =>
      items.slice(0, MAX_MODELS).flatMap((item) => {
        const parsed = v.safeParse(entry, item);
        return parsed.success ? [parsed.output] : [];
      }),
    ),
  );
}

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
