/**
 * An answer on its way, whoever gives it: a model at once, or a conversation. What the client cannot see of it (loading,
 * waiting in line, thinking) passes by here.
 */
import type { Context } from "hono";
import { AppError } from "../../core/errors.ts";
import type { ModelChunk, Usage } from "../../core/ports.ts";
import type { HttpEnv } from "../../http/middleware.ts";

export type AnswerPiece =
  | Exclude<ModelChunk, { kind: "done" }>
  /** The last one. A conversation does not say what its answer cost. */
  | { kind: "done"; reason: "stop" | "length"; usage?: Usage };

export type ShownPiece = Extract<AnswerPiece, { kind: "text" | "tool_call" | "done" }>;

export class AnswerSource {
  /** As the client is told it. */
  readonly model: string;
  readonly #pieces: AsyncGenerator<AnswerPiece, void>;
  readonly #controller = new AbortController();
  readonly #settle: (work: Promise<unknown>) => void;

  constructor(
    c: Context<HttpEnv>,
    model: string,
    open: (signal: AbortSignal) => AsyncGenerator<AnswerPiece, void>,
  ) {
    this.model = model;
    this.#pieces = open(this.#controller.signal);
    this.#settle = (work) => c.executionCtx.waitUntil(work.catch(() => undefined));
    c.req.raw.signal.addEventListener("abort", () => this.abandon(), { once: true });
  }

  /** The next piece that the client sees. Throws model/broken_stream where the answer ends without its last one. */
  async next(): Promise<ShownPiece> {
    for (;;) {
      const { done, value } = await this.#pieces.next();
      if (done) throw new AppError("model/broken_stream");
      // Whoever gives the answer tidies up behind it: the client does not wait for that.
      if (value.kind === "done") this.#settle(this.#pieces.next());
      if (value.kind === "text" || value.kind === "tool_call" || value.kind === "done")
        return value;
    }
  }

  /** Ends the work for this answer: the client has gone. */
  abandon(): void {
    this.#controller.abort();
    this.#settle(this.#pieces.return());
  }
}
