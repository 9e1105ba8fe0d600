/**
 * How long a model call may wait, and the timer that holds it to that. There is no flat time-out: a model that loads
 * or reads a long prompt is slow to begin, and a client that gives up on a loading model keeps it from ever loading.
 */
import { AppError } from "../core/errors.ts";
import type { PromptMessage } from "../core/ports.ts";

/** For the first token where the model loads first, or nobody knows: the model server's own limit for a load. */
export const LOADING_MS = 300_000;
/** UTF-16 units of a prompt that add the first token's time once more: 25 tokens a second at a minute, a small box with a model too large for it. */
const UNITS_PER_TIME = 6_000;
/** What reading an image costs, as units of text. */
const UNITS_PER_IMAGE = 3_000;
/** From the call to the last token. */
export const ANSWER_MS = 600_000;
/** For what the server says about its models. */
export const LOOKUP_MS = 10_000;
/** For the whole of `state()`. */
export const STATE_MS = 2_000;
/** For the end of the connection after the last line, so that it can be used again. */
export const DRAIN_MS = 1_000;

/** What the owner lets a model take. */
export interface Patience {
  /** For the first token of a model that is loaded; a long prompt adds to it. */
  firstTokenMs: number;
  /** Between two tokens. */
  nextTokenMs: number;
}

export function firstTokenTimeoutMs(
  messages: readonly PromptMessage[],
  loaded: boolean,
  { firstTokenMs }: Patience,
): number {
  if (!loaded) return LOADING_MS;
  const units = messages.reduce(
    (sum, { content, images = [] }) => sum + content.length + images.length * UNITS_PER_IMAGE,
    0,
  );
  return Math.min(LOADING_MS, firstTokenMs * (1 + units / UNITS_PER_TIME));
}

/** A server that does not even say what it has is away; one that does not come to an answer is slow. */
type LateCode = "model/timeout" | "model/unavailable";

interface Step {
  what: string;
  timeoutMs: number;
  code: LateCode;
  endsAtMs: number;
}

function createStep(what: string, timeoutMs: number, code: LateCode): Step {
  return { what, timeoutMs, code, endsAtMs: performance.now() + timeoutMs };
}

/**
 * The signal of one call. It fires when the caller's signal does, when the whole or the running step takes too long
 * (its reason is then an error of the step's code), and when the call ends. One timer serves all steps: a step begins with every
 * token, and a timer for each would cost more than reading it.
 */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #whole: Step;
  #step: Step | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;

  constructor(wholeMs: number, caller?: AbortSignal, code: LateCode = "model/timeout") {
    this.#caller = caller;
    this.#whole = createStep("The model call was not over", wholeMs, code);
    this.#arm(this.#whole.endsAtMs);
    caller?.addEventListener("abort", this.#follow, { once: true });
    if (caller?.aborted) this.#follow();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Begins a step in place of the one that runs. `what` opens the sentence "… within 20 s." */
  begin(what: string, timeoutMs: number, code: LateCode = "model/timeout"): void {
    this.#step = createStep(what, timeoutMs, code);
    if (this.#step.endsAtMs < this.#timerAtMs) this.#arm(this.#step.endsAtMs);
  }

  /** Ends the running step: what follows is not the model server's time. */
  pause(): void {
    this.#step = undefined;
  }

  /** Stops the timer and aborts what still runs. */
  end(): void {
    this.#disarm();
    this.#caller?.removeEventListener("abort", this.#follow);
    this.#controller.abort();
  }

  #arm(atMs: number): void {
    this.#disarm();
    this.#timerAtMs = atMs;
    this.#timer = setTimeout(() => this.#look(), Math.max(0, atMs - performance.now()));
  }

  #disarm(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
  }

  /** The step that the timer was set for may be long over. */
  #look(): void {
    const steps = this.#step ? [this.#step, this.#whole] : [this.#whole];
    const late = steps.find(({ endsAtMs }) => endsAtMs <= this.#timerAtMs);
    if (late) {
      const detail = `${late.what} within ${late.timeoutMs / 1_000} s.`;
      this.#controller.abort(new AppError(late.code, { detail }));
    } else this.#arm(Math.min(...steps.map(({ endsAtMs }) => endsAtMs)));
  }

  readonly #follow = (): void => {
    this.#controller.abort(this.#caller?.reason);
  };
}
