/**
 * Bytes of an answer into lines, however the network cut them: between lines, within a line, within a character.
 * Holds at most one line.
 */
import { brokenStream } from "./failures.ts";

/** A token's line has about 150 bytes. */
export const MAX_LINE_BYTES = 256 * 1024;
/** Some 200,000 tokens. */
export const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

const NEWLINE = 0x0a;

export class LineParser {
  readonly #decoder = new TextDecoder();
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #answerBytes = 0;

  /** The lines that `bytes` completes, empty ones left out. Throws model/broken_stream at a limit. */
  push(bytes: Uint8Array): string[] {
    this.#answerBytes += bytes.length;
    if (this.#answerBytes > MAX_ANSWER_BYTES)
      throw brokenStream(`The answer has more than ${MAX_ANSWER_BYTES} bytes.`);
    const lines: string[] = [];
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      if (end > start) this.#hold(bytes.subarray(start, end));
      if (this.#pendingBytes > 0) lines.push(this.#take());
      start = end + 1;
    }
    // Copied, because a runtime may use the buffer of a chunk again.
    if (start < bytes.length) this.#hold(bytes.slice(start));
    return lines;
  }

  /** What stands after the last newline; empty where there is nothing. */
  end(): string {
    return this.#take();
  }

  #hold(piece: Uint8Array): void {
    this.#pendingBytes += piece.length;
    if (this.#pendingBytes > MAX_LINE_BYTES)
      throw brokenStream(`A line of the answer has more than ${MAX_LINE_BYTES} bytes.`);
    this.#pending.push(piece);
  }

  #take(): string {
    const [first] = this.#pending;
    let line = "";
    if (this.#pending.length === 1 && first) line = this.#decoder.decode(first);
    else {
      for (const piece of this.#pending) line += this.#decoder.decode(piece, { stream: true });
      line += this.#decoder.decode();
    }
    this.#pending = [];
    this.#pendingBytes = 0;
    return line;
  }
}
