/** What is read of OpenAI-compatible answers, and nothing else of them. All numbers and texts from them pass here. */
import * as v from "valibot";
import { count, errorText, label, listOf, MAX_TOOL_CALLS, name, vector } from "../fields.ts";

/** A piece of a call: the first one names it, all of them write its arguments. */
const callPiece = v.object({
  index: v.nullish(count),
  id: v.nullish(label, ""),
  function: v.nullish(
    v.object({ name: v.nullish(label, ""), arguments: v.nullish(v.string(), "") }),
    { name: "", arguments: "" },
  ),
});

const choice = v.object({
  delta: v.nullish(
    v.object({
      content: v.nullish(v.string(), ""),
      /** Thinking, as llama.cpp and vLLM call it, and as LM Studio does. */
      reasoning_content: v.nullish(v.string(), ""),
      reasoning: v.nullish(v.string(), ""),
      tool_calls: v.nullish(v.pipe(v.array(callPiece), v.maxLength(MAX_TOOL_CALLS)), []),
    }),
    () => ({ content: "", reasoning_content: "", reasoning: "", tool_calls: [] }),
  ),
  finish_reason: v.nullish(label),
});

const usageSchema = v.object({
  prompt_tokens: v.nullish(count, 0),
  completion_tokens: v.nullish(count, 0),
});

/** The data of one event of an answer. */
export const chunkSchema = v.object({
  /** One answer is asked for; the last event of some servers holds the usage alone. */
  choices: v.nullish(v.array(choice), []),
  usage: v.nullish(usageSchema),
  error: v.nullish(errorText),
});

export type Choice = v.InferOutput<typeof choice>;
export type CallPiece = v.InferOutput<typeof callPiece>;

export const modelsSchema = v.object({
  data: listOf(
    v.object({
      id: name,
      owned_by: v.nullish(label, ""),
      /** vLLM's. */
      max_model_len: v.nullish(count),
      /** llama.cpp's. */
      meta: v.nullish(
        v.object({
          n_ctx_train: v.nullish(count),
          n_params: v.nullish(count),
          size: v.nullish(count),
        }),
      ),
    }),
  ),
});

export type OpenAiModel = v.InferOutput<typeof modelsSchema>["data"][number];

export const embeddingsSchema = v.object({
  data: v.array(v.object({ index: count, embedding: vector })),
  usage: v.nullish(usageSchema),
});
