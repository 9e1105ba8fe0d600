/** One call of the model, read to its end: what it says is shown piece by piece, what it wishes for is gathered. */
import { AppError } from "../core/errors.ts";
import type { ChatRequest, Model, ModelChunk, ToolCall, Usage } from "../core/ports.ts";
import type { QueuePlace, TurnState } from "../core/stream.ts";

export interface TurnSink {
  /** `place` stands where the turn waits in line for the model server. */
  state(state: TurnState, place?: QueuePlace): void;
  text(delta: string): void;
}

/** Longest answer that is kept; a model that talks for ever is cut here. */
const MAX_ANSWER_UNITS = 200_000;
/** Calls that are read of one answer; the others are not answered. */
const MAX_CALLS = 32;

/** What was said in a turn so far, over all calls of the model. */
export class Said {
  readonly #sink: TurnSink;
  #text = "";
  #isParagraphDue = false;
  #state: TurnState | undefined;

  constructor(sink: TurnSink) {
    this.#sink = sink;
  }

  get text(): string {
    return this.#text;
  }

  state(state: TurnState, place?: QueuePlace): void {
    this.#state = state;
    if (place) this.#sink.state(state, place);
    else this.#sink.state(state);
  }

  /** What is said from now on stands apart from what was said before. */
  beginParagraph(): void {
    this.#isParagraphDue = this.#text.trim() !== "";
  }

  /** Throws model/rejected where it grows too long. */
  add(delta: string): void {
    if (delta === "") return;
    if (this.#state !== "answering") this.state("answering");
    const piece = this.#isParagraphDue ? `\n\n${delta.trimStart()}` : delta;
    this.#isParagraphDue = false;
    this.#text += piece;
    if (this.#text.length > MAX_ANSWER_UNITS)
      throw new AppError("model/rejected", { detail: "The answer is too long." });
    this.#sink.text(piece);
  }
}

/** What is shown of an answer as it comes, where not all of it is meant for the person. */
export interface TextFilter {
  /** What may be shown now. */
  push(delta: string): string;
}

const SHOW_ALL: TextFilter = { push: (delta) => delta };

export interface Asked {
  calls: ToolCall[];
  usage: Usage;
  reason: "stop" | "length";
}

/** Undefined when the signal fired. Throws model/*. */
export async function askModel(
  request: ChatRequest,
  model: Pick<Model, "chat">,
  said: Said,
  signal: AbortSignal,
  filter = SHOW_ALL,
): Promise<Asked | undefined> {
  const calls: ToolCall[] = [];
  for await (const chunk of model.chat(request, signal)) {
    if (signal.aborted) return undefined;
    if (chunk.kind === "done") return { calls, usage: chunk.usage, reason: chunk.reason };
    showPlace(said, chunk);
    if (chunk.kind === "text") said.add(filter.push(chunk.text));
    if (chunk.kind === "tool_call" && calls.length < MAX_CALLS) calls.push(chunk.call);
  }
  if (signal.aborted) return undefined;
  throw new AppError("model/broken_stream");
}

function showPlace(said: Said, chunk: ModelChunk): void {
  if (chunk.kind !== "waiting") return;
  const { position, etaMs } = chunk;
  if (position === 0) said.state("thinking");
  else said.state("waiting", { position, ...(etaMs === undefined ? {} : { etaMs }) });
}
