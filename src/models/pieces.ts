/** Pieces of text, cut by the server anywhere, into pieces that are well-formed UTF-16 each. */

const HIGH_SURROGATE_AT_END = /[\uD800-\uDBFF]$/;

/** Keeps half a character back until its other half arrives. */
export class PieceJoiner {
  #held = "";

  push(piece: string): string {
    const text = this.#held + piece;
    this.#held = HIGH_SURROGATE_AT_END.test(text) ? text.slice(-1) : "";
    return text.slice(0, text.length - this.#held.length).toWellFormed();
  }

  /** What never got its other half, as U+FFFD. */
  end(): string {
    const rest = this.#held.toWellFormed();
    this.#held = "";
    return rest;
  }
}
