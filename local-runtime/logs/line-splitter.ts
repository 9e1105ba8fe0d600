/** Cuts a stream of bytes into lines, with a bound on how long a line may grow. */
import { StringDecoder } from "node:string_decoder";

export const MAX_LINE_UNITS = 64 * 1024;

export class LineSplitter {
  readonly #decoder = new StringDecoder("utf8");
  readonly #onLine: (line: string) => void;
  #rest = "";

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(bytes: Buffer): void {
    const parts = (this.#rest + this.#decoder.write(bytes)).split("\n");
    this.#rest = parts.pop() ?? "";
    for (const part of parts) this.#emit(part);
    // A line without an end is handed on in pieces.
    while (this.#rest.length > MAX_LINE_UNITS) {
      this.#emit(this.#rest.slice(0, MAX_LINE_UNITS));
      this.#rest = this.#rest.slice(MAX_LINE_UNITS);
    }
  }

  /** Hands on what has no line end. */
  end(): void {
    const last = this.#rest + this.#decoder.end();
    this.#rest = "";
    this.#emit(last);
  }

  #emit(line: string): void {
    if (line.trim() !== "") this.#onLine(line.slice(0, MAX_LINE_UNITS));
  }
}
