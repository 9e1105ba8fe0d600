/**
 * An answer of /v1/chat/completions: server-sent events, a JSON object each, then `[DONE]`. Calls of tools come in pieces
 * and are handed on when the answer has said why it ends.
 */
import * as v from "valibot";
import type { ToolCall } from "../../core/ports.ts";
import type { AnswerDialect, AnswerEnd, AnswerPart } from "../answer.ts";
import { brokenStream, failureOfWords } from "../failures.ts";
import { MAX_TOOL_CALLS } from "../fields.ts";
import { type CallPiece, type Choice, chunkSchema } from "./schema.ts";

/** Of the arguments of all calls, as the model writes them. */
export const MAX_ARGUMENT_UNITS = 256 * 1024;

/** What a line of an event stream is; one event is one line here, as all servers of this kind write it. */
type EventLine = { kind: "data" | "error"; text: string } | { kind: "other" };

/** Undefined for a line that no event stream has. */
function parseLine(line: string): EventLine | undefined {
  const [, field, text = ""] = /^([a-z]*):[ ]?(.*?)\r?$/s.exec(line) ?? [];
  switch (field) {
    case "data":
      return { kind: "data", text };
    case "error": // an old llama.cpp
      return { kind: "error", text };
    case "": // a comment: proof of life while a prompt is read
    case "event":
    case "id":
    case "retry":
      return { kind: "other" };
    default:
      return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

interface OpenCall {
  id: string;
  name: string;
  written: string;
}

export class OpenAiDialect implements AnswerDialect {
  readonly #calls = new Map<number, OpenCall>();
  #argumentUnits = 0;
  #finish: string | undefined;
  #usage = { prompt_tokens: 0, completion_tokens: 0 };

  read(line: string): AnswerPart | undefined {
    const event = parseLine(line);
    if (event?.kind === "error") throw failureOfWords(event.text);
    if (event?.kind !== "data") return event && {};
    if (event.text.trim() === "[DONE]") return this.#whole(this.#finish ?? "stop");
    const parsed = v.safeParse(chunkSchema, parseJson(event.text));
    if (!parsed.success) return undefined;
    const { choices, usage, error } = parsed.output;
    if (typeof error === "string") throw failureOfWords(error);
    if (usage) this.#usage = usage;
    return choices[0] ? this.#readChoice(choices[0]) : {};
  }

  #readChoice({ delta, finish_reason }: Choice): AnswerPart {
    for (const piece of delta.tool_calls) this.#join(piece);
    this.#finish = finish_reason || this.#finish;
    return { thinking: delta.reasoning_content || delta.reasoning, text: delta.content };
  }

  /** An answer that has said why it ends is whole, also where `[DONE]` is missing. */
  close(): AnswerPart {
    return this.#finish === undefined ? {} : this.#whole(this.#finish);
  }

  /** A piece without an index continues the last call, or begins one where it has a name. */
  #join({ index, id, function: { name, arguments: written } }: CallPiece): void {
    const at = index ?? Math.max(0, this.#calls.size - (name ? 0 : 1));
    const call = this.#calls.get(at) ?? { id: "", name: "", written: "" };
    this.#argumentUnits += written.length;
    if (this.#argumentUnits > MAX_ARGUMENT_UNITS || this.#calls.size > MAX_TOOL_CALLS)
      throw brokenStream("The answer calls more tools than can be meant.");
    this.#calls.set(at, {
      id: call.id || id,
      name: call.name || name,
      written: call.written + written,
    });
  }

  #whole(finish: string): AnswerPart {
    const end: AnswerEnd = {
      reason: finish === "length" ? "length" : "stop",
      promptTokens: this.#usage.prompt_tokens,
      outputTokens: this.#usage.completion_tokens,
    };
    const calls = [...this.#calls.values()].filter(({ name }) => name !== "").map(closeCall);
    this.#calls.clear();
    return { calls, end };
  }
}

/** The arguments come as text here; what is no object is left to who runs the tool. */
function closeCall({ id, name, written }: OpenCall): ToolCall {
  if (written.trim() === "") return { id, name, arguments: {} };
  const value = parseJson(written);
  const parsed = v.safeParse(v.record(v.string(), v.unknown()), value);
  return parsed.success && !Array.isArray(value)
    ? { id, name, arguments: parsed.output }
    : { id, name, arguments: {}, written };
}
