/** One call of a model on its way, as far as its slot must know: whether it is in use, and when the server is done. */
import { errorCode } from "../core/errors.ts";
import type { ModelChunk } from "../core/ports.ts";
import { estimateBusyMs } from "./busy-time.ts";

export class CallProgress {
  readonly #nowMs: () => number;
  #startedAtMs = 0;
  #chunks = 0;
  /** True while the server has something to do for it. */
  #isRunning = false;
  #isAsked = false;
  #firstTokenMs: number | undefined;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** True while somebody waits for the next chunk. */
  get isAsked(): boolean {
    return this.#isAsked;
  }

  /** Undefined until a token came. */
  get firstTokenMs(): number | undefined {
    return this.#firstTokenMs;
  }

  begin(): void {
    this.#startedAtMs = this.#nowMs();
    this.#isRunning = true;
    this.#isAsked = true;
  }

  note({ kind }: ModelChunk): void {
    this.#isAsked = false;
    if (kind === "done") this.#isRunning = false;
    if (kind === "loading" || kind === "waiting") return;
    this.#chunks += 1;
    this.#firstTokenMs ??= this.#nowMs() - this.#startedAtMs;
  }

  /** The chunk was taken. */
  goOn(): void {
    this.#isAsked = true;
  }

  /** The server has said that it failed; a call that took too long was cut off from here. */
  fail(error: unknown): void {
    if (errorCode(error) !== "model/timeout") this.#isRunning = false;
  }

  busyMs(usualFirstTokenMs: number | undefined): number {
    if (!this.#isRunning) return 0;
    return estimateBusyMs({
      elapsedMs: this.#nowMs() - this.#startedAtMs,
      firstTokenMs: this.#firstTokenMs,
      chunks: this.#chunks,
      usualFirstTokenMs,
    });
  }
}
