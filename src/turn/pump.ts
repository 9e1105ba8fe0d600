/**
 * Shows something again and again while a turn runs, at the pace that the platform allows: the unfinished answer, or
 * "typing". Showing is a courtesy: when it fails, the turn goes on and the pump rests.
 */

export interface PumpOptions {
  /** Wait before the first time: a fast answer needs no preview. */
  firstMs: number;
  everyMs: number;
  /** Does one showing, if there is anything new to show. Its failures are passed to `failed`. */
  show(): Promise<void>;
  /** Says how long to rest, or undefined to end. */
  failed(error: unknown): number | undefined;
}

/** Longest wait for a showing in flight when the pump is stopped. */
const STOP_WAIT_MS = 5_000;

export class Pump {
  readonly #options: PumpOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #inFlight: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: PumpOptions) {
    this.#options = options;
    this.#schedule(options.firstMs);
  }

  #schedule(waitMs: number): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#inFlight = this.#showOnce();
    }, waitMs);
  }

  async #showOnce(): Promise<void> {
    try {
      await this.#options.show();
      this.#schedule(this.#options.everyMs);
    } catch (error) {
      const restMs = this.#options.failed(error);
      if (restMs !== undefined) this.#schedule(restMs);
    }
  }

  /** No showing begins after this; one in flight is waited for, so that the final message comes last. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    if (!this.#inFlight) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, STOP_WAIT_MS);
    await Promise.race([this.#inFlight, promise]);
    clearTimeout(timer);
  }
}
