/**
 * An answer on its way, whoever gives it: a model at once, or a conversation. What the client cannot see of it (loading,
 * waiting in line, thinking) passes by here.
 */
import type { Context } from "hono";
import { AppError } from "../../core/errors.ts";
import type { ModelChunk, Usage } from "../../core/ports.ts";
import type { HttpEnv } from "../../http/middleware.ts";
import type { CallNote } from "./note-call.ts";

/** A conversation does not say what its answer cost. */
export interface LastPiece {
  kind: "done";
  reason: "stop" | "length";
  usage?: Usage;
}

export type AnswerPiece = Exclude<ModelChunk, { kind: "done" }> | LastPiece;

export type ShownPiece = Extract<AnswerPiece, { kind: "text" | "tool_call" | "done" }>;

export interface AnswerOptions {
  /** As the client is told it. */
  model: string;
  open(signal: AbortSignal): AsyncGenerator<AnswerPiece, void>;
  /** Told of the end. */
  note?: CallNote;
  /** Of an answer that may come from memory: whether it does. */
  cache?: "hit" | "miss";
}

export class AnswerSource {
  readonly model: string;
  readonly cache: "hit" | "miss" | undefined;
  readonly #pieces: AsyncGenerator<AnswerPiece, void>;
  readonly #controller = new AbortController();
  readonly #settle: (work: Promise<unknown>) => void;
  /** Undefined once it was told. */
  #note: CallNote | undefined;

  constructor(c: Context<HttpEnv>, { model, open, note, cache }: AnswerOptions) {
    this.model = model;
    this.cache = cache;
    this.#note = note;
    this.#pieces = open(this.#controller.signal);
    this.#settle = (work) => c.executionCtx.waitUntil(work.catch(() => undefined));
    c.req.raw.signal.addEventListener("abort", () => this.abandon(), { once: true });
  }

  /** The next piece that the client sees. Throws model/broken_stream where the answer ends without its last one. */
  async next(): Promise<ShownPiece> {
    try {
      for (;;) {
        const { done, value } = await this.#pieces.next();
        if (done) throw new AppError("model/broken_stream");
        if (value.kind === "text" || value.kind === "tool_call") return value;
        if (value.kind === "done") return this.#end(value);
      }
    } catch (error) {
      this.#take()?.failed(error);
      throw error;
    }
  }

  /** Whoever gives the answer tidies up behind it: the client does not wait for that. */
  #end(last: LastPiece): LastPiece {
    this.#settle(this.#pieces.next());
    if (last.usage) this.#take()?.answered(last.usage);
    return last;
  }

  /** Ends the work for this answer: the client has gone. */
  abandon(): void {
    this.#take()?.cancelled();
    this.#controller.abort();
    this.#settle(this.#pieces.return());
  }

  #take(): CallNote | undefined {
    const note = this.#note;
    this.#note = undefined;
    return note;
  }
}
