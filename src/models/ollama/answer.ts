/** An answer of /api/chat: each line is a JSON object, the last one has `done: true`. */
import * as v from "valibot";
import { isJsonObject } from "../../core/json-text.ts";
import type { ToolCall } from "../../core/ports.ts";
import type { AnswerDialect, AnswerPart } from "../answer.ts";
import { failureOfWords, remoteModel } from "../failures.ts";
import { type ChatLine, chatLineSchema } from "./schema.ts";

export class OllamaDialect implements AnswerDialect {
  readonly #model: string;

  constructor(model: string) {
    this.#model = model;
  }

  read(text: string): AnswerPart | undefined {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return undefined;
    }
    const parsed = v.safeParse(chatLineSchema, value);
    if (!parsed.success) return undefined;
    const line = parsed.output;
    if (line.remote_host || line.remote_model) throw remoteModel(this.#model);
    if (line.error !== undefined) throw failureOfWords(line.error);
    return line.message || line.done ? renderPart(line) : undefined;
  }

  close(): AnswerPart {
    return {};
  }
}

/** An object as the protocol says; what else a model wrote is left to who runs the tool. */
function readArguments(given: unknown): Pick<ToolCall, "arguments" | "written"> {
  if (isJsonObject(given)) return { arguments: given };
  return { arguments: {}, written: typeof given === "string" ? given : JSON.stringify(given) };
}

function renderPart({ message, ...line }: ChatLine): AnswerPart {
  return {
    ...(message
      ? {
          thinking: message.thinking,
          text: message.content,
          calls: message.tool_calls.map(({ id, function: { name, arguments: given } }) => ({
            id,
            name,
            ...readArguments(given),
          })),
        }
      : {}),
    ...(line.done
      ? {
          end: {
            reason: line.done_reason === "length" ? "length" : "stop",
            promptTokens: line.prompt_eval_count,
            outputTokens: line.eval_count,
          },
        }
      : {}),
  };
}
