/**
 * How long a model call may wait, and the timer that holds it to that. There is no flat time-out: a model that loads
 * or reads a long prompt is slow to begin, and a client that gives up on a loading model keeps it from ever loading.
 */
import { AppError } from "../core/errors.ts";
import type { PromptMessage } from "../core/ports.ts";

/** For the first token of a model that is loaded; a long prompt adds to it. */
const FIRST_TOKEN_MS = 60_000;
/** For the first token where the model loads first, or nobody knows: the model server's own limit for a load. */
export const LOADING_MS = 300_000;
/** For a prompt's UTF-16 unit: 25 tokens a second, a small box with a model too large for it. */
const PREFILL_MS_PER_UNIT = 10;
/** What reading an image costs, as units of text. */
const UNITS_PER_IMAGE = 3_000;
/** Between two tokens. */
export const IDLE_MS = 20_000;
/** From the call to the last token. */
export const ANSWER_MS = 600_000;
/** For what the server says about its models. */
export const LOOKUP_MS = 10_000;
/** For the whole of `state()`. */
export const STATE_MS = 2_000;
/** For the end of the connection after the last line, so that it can be used again. */
export const DRAIN_MS = 1_000;

export function firstTokenTimeoutMs(messages: readonly PromptMessage[], loaded: boolean): number {
  if (!loaded) return LOADING_MS;
  const units = messages.reduce(
    (sum, { content, images = [] }) => sum + content.length + images.length * UNITS_PER_IMAGE,
    0,
  );
  return Math.min(LOADING_MS, FIRST_TOKEN_MS + units * PREFILL_MS_PER_UNIT);
}

/**
 * The signal of one call. It fires when the caller's signal does, when the whole or the running step takes too long
 * (its reason is then a model/timeout), and when the call ends.
 */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #whole: ReturnType<typeof setTimeout>;
  #step: ReturnType<typeof setTimeout> | undefined;

  constructor(wholeMs: number, caller?: AbortSignal) {
    this.#caller = caller;
    this.#whole = setTimeout(() => this.#expire("The model call was not over", wholeMs), wholeMs);
    caller?.addEventListener("abort", this.#follow, { once: true });
    if (caller?.aborted) this.#follow();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Begins a step in place of the one that runs. `what` opens the sentence "… within 20 s." */
  begin(what: string, timeoutMs: number): void {
    this.pause();
    this.#step = setTimeout(() => this.#expire(what, timeoutMs), timeoutMs);
  }

  /** Ends the running step: what follows is not the model server's time. */
  pause(): void {
    if (this.#step !== undefined) clearTimeout(this.#step);
  }

  /** Stops the timers and aborts what still runs. */
  end(): void {
    clearTimeout(this.#whole);
    this.pause();
    this.#caller?.removeEventListener("abort", this.#follow);
    this.#controller.abort();
  }

  readonly #follow = (): void => {
    this.#controller.abort(this.#caller?.reason);
  };

  #expire(what: string, timeoutMs: number): void {
    const detail = `${what} within ${timeoutMs / 1_000} s.`;
    this.#controller.abort(new AppError("model/timeout", { detail }));
  }
}
