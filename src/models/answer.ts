/**
 * The stream of one answer: lines in, chunks out, ended by exactly one `done`. A line that is not of the form is
 * skipped, a few of them; an answer without its last line is a failure.
 */
import * as v from "valibot";
import type { ModelChunk } from "../core/ports.ts";
import { type Deadline, DRAIN_MS, IDLE_MS } from "./deadlines.ts";
import { brokenStream, failureOfWords, lostConnection, remoteModel } from "./failures.ts";
import { LineParser } from "./lines.ts";
import { type ChatLine, chatLineSchema } from "./ollama/schema.ts";
import { PieceJoiner } from "./pieces.ts";

export const MAX_BAD_LINES = 5;
/** Of text and thinking together, in UTF-16 units. */
export const MAX_ANSWER_UNITS = 1_000_000;

interface AnswerOptions {
  model: string;
  /** Its running step is the wait for the first token. */
  deadline: Deadline;
  startedAtMs: number;
  nowMs: () => number;
}

type LineCall = NonNullable<ChatLine["message"]>["tool_calls"][number];

/** Undefined for a line that is not of the form. Throws model/* for one that states a failure. */
function parseLine(text: string, model: string): ChatLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = v.safeParse(chatLineSchema, value);
  if (!parsed.success) return undefined;
  const line = parsed.output;
  if (line.remote_host || line.remote_model) throw remoteModel(model);
  if (line.error !== undefined) throw failureOfWords(line.error);
  return line.message || line.done ? line : undefined;
}

/** Lines into chunks; knows nothing of bytes and time. */
class LineReader {
  readonly #model: string;
  readonly #thinking = new PieceJoiner();
  readonly #text = new PieceJoiner();
  #badLines = 0;
  #units = 0;
  #calls = 0;
  /** The line with `done: true`, once it came. */
  last: ChatLine | undefined;

  constructor(model: string) {
    this.#model = model;
  }

  read(text: string): ModelChunk[] {
    if (text.trim() === "" || this.last) return [];
    const line = parseLine(text, this.#model);
    if (!line) {
      this.#countBadLine();
      return [];
    }
    let thinking = this.#thinking.push(line.message?.thinking ?? "");
    let content = this.#text.push(line.message?.content ?? "");
    if (line.done) {
      this.last = line;
      thinking += this.#thinking.end();
      content += this.#text.end();
    }
    this.#units += thinking.length + content.length;
    if (this.#units > MAX_ANSWER_UNITS)
      throw brokenStream(`The answer has more than ${MAX_ANSWER_UNITS} characters.`);
    const chunks: ModelChunk[] = [];
    if (thinking !== "") chunks.push({ kind: "thinking", text: thinking });
    if (content !== "") chunks.push({ kind: "text", text: content });
    for (const call of line.message?.tool_calls ?? []) chunks.push(this.#readCall(call));
    return chunks;
  }

  /** Some servers give calls no id, and the answer to a call names one. */
  #readCall({ id, function: wanted }: LineCall): ModelChunk {
    this.#calls += 1;
    this.#units += JSON.stringify(wanted.arguments).length;
    const call = {
      id: id || `call_${this.#calls}`,
      name: wanted.name,
      arguments: wanted.arguments,
    };
    return { kind: "tool_call", call };
  }

  #countBadLine(): void {
    this.#badLines += 1;
    if (this.#badLines > MAX_BAD_LINES)
      throw brokenStream(`More than ${MAX_BAD_LINES} lines of the answer are not of its form.`);
  }
}

/** Reads what is left, so that the connection can be used again; not longer than a moment. */
async function drain(reader: ReadableStreamDefaultReader<Uint8Array>, deadline: Deadline) {
  deadline.begin("The end of the answer did not come", DRAIN_MS);
  try {
    while (!(await reader.read()).done);
  } catch {
    // The answer is whole: how its connection ends changes nothing.
  }
}

function renderDone(line: ChatLine, firstTokenAtMs: number | undefined, options: AnswerOptions) {
  const endedAtMs = options.nowMs();
  return {
    kind: "done",
    reason: line.done_reason === "length" ? "length" : "stop",
    usage: {
      model: options.model,
      promptTokens: line.prompt_eval_count,
      outputTokens: line.eval_count,
      firstTokenMs: (firstTokenAtMs ?? endedAtMs) - options.startedAtMs,
      totalMs: endedAtMs - options.startedAtMs,
    },
  } as const satisfies ModelChunk;
}

/** Throws model/*, or the reason of the deadline's signal. */
export async function* readAnswer(
  body: ReadableStream<Uint8Array>,
  options: AnswerOptions,
): AsyncGenerator<ModelChunk, void> {
  const { deadline } = options;
  const lines = new LineReader(options.model);
  const parser = new LineParser();
  const reader: ReadableStreamDefaultReader<Uint8Array> = body.getReader();
  let firstTokenAtMs: number | undefined;
  while (!lines.last) {
    if (firstTokenAtMs !== undefined) deadline.begin("No further token came", IDLE_MS);
    const { done, value } = await readBytes(reader, deadline.signal, firstTokenAtMs !== undefined);
    for (const line of done ? [parser.end()] : parser.push(value)) {
      const chunks = lines.read(line);
      if (chunks.length > 0) {
        firstTokenAtMs ??= options.nowMs();
        deadline.pause();
      }
      yield* chunks;
    }
    if (done && !lines.last) throw brokenStream("The answer ended before it was whole.");
  }
  deadline.pause();
  yield renderDone(lines.last, firstTokenAtMs, options);
  await drain(reader, deadline);
}

async function readBytes(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  signal: AbortSignal,
  begun: boolean,
) {
  try {
    return await reader.read();
  } catch {
    signal.throwIfAborted();
    throw begun ? brokenStream("The connection was lost within the answer.") : lostConnection();
  }
}
