/** An answer that comes when a test says so. */
import type { ShownPiece } from "../../../../src/routes/openai/answer.ts";

export const LAST: ShownPiece = { kind: "done", reason: "stop" };

/** Gives a piece, or fails, when the test says so. */
export class SlowSource {
  readonly model = "m";
  isAbandoned = false;
  readonly #waiting: PromiseWithResolvers<ShownPiece>[] = [];
  readonly #ready: PromiseWithResolvers<ShownPiece>[] = [];

  next(): Promise<ShownPiece> {
    return (this.#ready.shift() ?? this.#open(this.#waiting)).promise;
  }

  abandon(): void {
    this.isAbandoned = true;
  }

  give(piece: ShownPiece): void {
    (this.#waiting.shift() ?? this.#open(this.#ready)).resolve(piece);
  }

  fail(error: unknown): void {
    (this.#waiting.shift() ?? this.#open(this.#ready)).reject(error);
  }

  #open(list: PromiseWithResolvers<ShownPiece>[]): PromiseWithResolvers<ShownPiece> {
    const opened = Promise.withResolvers<ShownPiece>();
    list.push(opened);
    return opened;
  }
}
