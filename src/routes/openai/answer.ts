/**
 * An answer on its way, whoever gives it: a model at once, or a conversation. What the client cannot see of it (loading,
 * waiting in line, thinking) passes by here.
 */
import { AppError } from "../../core/errors.ts";
import type { ModelChunk, Usage } from "../../core/ports.ts";

export type AnswerPiece =
  | Exclude<ModelChunk, { kind: "done" }>
  /** The last one. A conversation does not say what its answer cost. */
  | { kind: "done"; reason: "stop" | "length"; usage?: Usage };

export type ShownPiece = Extract<AnswerPiece, { kind: "text" | "tool_call" | "done" }>;

export interface AnswerSource {
  /** As the client is told it. */
  model: string;
  pieces: AsyncGenerator<AnswerPiece, void>;
  /** Ends the work for this answer: the client has gone. */
  abandon(): void;
}

/** The next piece that the client sees. Throws model/broken_stream where the answer ends without its last piece. */
export async function nextShown(pieces: AsyncGenerator<AnswerPiece, void>): Promise<ShownPiece> {
  for (;;) {
    const { done, value } = await pieces.next();
    if (done) throw new AppError("model/broken_stream");
    if (value.kind === "text" || value.kind === "tool_call" || value.kind === "done") return value;
  }
}
