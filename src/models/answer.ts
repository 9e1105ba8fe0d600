/**
 * The stream of one answer: lines in, chunks out, ended by exactly one `done`. A line that is not of the form is
 * skipped, a few of them; an answer without its end is a failure. What a line says is the dialect's to read.
 */
import type { ModelChunk, ToolCall } from "../core/ports.ts";
import { type Deadline, DRAIN_MS } from "./deadlines.ts";
import { brokenStream, lostConnection } from "./failures.ts";
import { LineParser } from "./lines.ts";
import { PieceJoiner } from "./pieces.ts";

export const MAX_BAD_LINES = 5;
/** Of text, thinking and tool calls together, in UTF-16 units. */
export const MAX_ANSWER_UNITS = 1_000_000;

/** How a server ends an answer; counts are 0 where it does not count. */
export interface AnswerEnd {
  reason: "stop" | "length";
  promptTokens: number;
  outputTokens: number;
}

/** What one line says. */
export interface AnswerPart {
  thinking?: string;
  text?: string;
  /** Whole calls; an empty id is filled in. */
  calls?: ToolCall[];
  end?: AnswerEnd;
}

/** Reads one answer in the words of one kind of server. */
export interface AnswerDialect {
  /** Undefined for a line that is not of the form. Throws model/* for one that states a failure. */
  read(line: string): AnswerPart | undefined;
  /** What the lines so far come to where the connection ends after them; no `end` where they are not whole. */
  close(): AnswerPart;
}

interface AnswerOptions {
  model: string;
  dialect: AnswerDialect;
  /** Its running step is the wait for the first token. */
  deadline: Deadline;
  /** Longest wait between two tokens. */
  nextTokenMs: number;
  startedAtMs: number;
  nowMs: () => number;
}

/** Lines into chunks; knows nothing of bytes and time. */
class AnswerReader {
  readonly #dialect: AnswerDialect;
  readonly #thinking = new PieceJoiner();
  readonly #text = new PieceJoiner();
  #badLines = 0;
  #units = 0;
  #calls = 0;
  /** Set once the answer is whole. */
  end: AnswerEnd | undefined;

  constructor(dialect: AnswerDialect) {
    this.#dialect = dialect;
  }

  read(line: string): ModelChunk[] {
    if (line.trim() === "" || this.end) return [];
    const part = this.#dialect.read(line);
    if (part) return this.#take(part);
    this.#badLines += 1;
    if (this.#badLines > MAX_BAD_LINES)
      throw brokenStream(`More than ${MAX_BAD_LINES} lines of the answer are not of its form.`);
    return [];
  }

  /** The connection has ended. */
  close(): ModelChunk[] {
    return this.end ? [] : this.#take(this.#dialect.close());
  }

  #take({ thinking: thought = "", text = "", calls = [], end }: AnswerPart): ModelChunk[] {
    let thinking = this.#thinking.push(thought);
    let content = this.#text.push(text);
    if (end) {
      this.end = end;
      thinking += this.#thinking.end();
      content += this.#text.end();
    }
    this.#count(thinking.length + content.length);
    const chunks: ModelChunk[] = [];
    if (thinking !== "") chunks.push({ kind: "thinking", text: thinking });
    if (content !== "") chunks.push({ kind: "text", text: content });
    for (const call of calls) chunks.push(this.#takeCall(call));
    return chunks;
  }

  /** Some servers give calls no id, and the answer to a call names one. */
  #takeCall(call: ToolCall): ModelChunk {
    this.#calls += 1;
    this.#count(JSON.stringify(call.arguments).length + (call.written?.length ?? 0));
    return { kind: "tool_call", call: { ...call, id: call.id || `call_${this.#calls}` } };
  }

  #count(units: number): void {
    this.#units += units;
    if (this.#units > MAX_ANSWER_UNITS)
      throw brokenStream(`The answer has more than ${MAX_ANSWER_UNITS} characters.`);
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

function renderDone(end: AnswerEnd, firstTokenAtMs: number | undefined, options: AnswerOptions) {
  const { reason, promptTokens, outputTokens } = end;
  const endedAtMs = options.nowMs();
  return {
    kind: "done",
    reason,
    usage: {
      model: options.model,
      promptTokens,
      outputTokens,
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
  const { deadline, nextTokenMs } = options;
  const answer = new AnswerReader(options.dialect);
  const parser = new LineParser();
  const reader: ReadableStreamDefaultReader<Uint8Array> = body.getReader();
  let firstTokenAtMs: number | undefined;
  while (!answer.end) {
    if (firstTokenAtMs !== undefined) deadline.begin("No further token came", nextTokenMs);
    const { done, value } = await readBytes(reader, deadline.signal, firstTokenAtMs !== undefined);
    for (const chunks of readLines(answer, done ? undefined : parser.push(value), parser)) {
      if (chunks.length > 0) {
        firstTokenAtMs ??= options.nowMs();
        deadline.pause();
      }
      yield* chunks;
    }
    if (done && !answer.end) throw brokenStream("The answer ended before it was whole.");
  }
  deadline.pause();
  yield renderDone(answer.end, firstTokenAtMs, options);
  await drain(reader, deadline);
}

/** One line after the other: what stands before a line that fails is said. */
function* readLines(answer: AnswerReader, lines: string[] | undefined, parser: LineParser) {
  for (const line of lines ?? [parser.end()]) yield answer.read(line);
  if (!lines) yield answer.close();
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
