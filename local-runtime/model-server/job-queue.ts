/** One piece of work at a time, first come, first served; how many may wait is bounded. */

/** Requests that wait for the model; one more is told that the server is busy. */
export const MAX_WAITING = 32;

export class QueueFull extends Error {
  constructor() {
    super("server busy, please try again.  maximum pending requests exceeded");
    this.name = "QueueFull";
  }
}

export class JobQueue {
  readonly #waiting: (() => void)[] = [];
  #busy = false;

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Throws QueueFull, what the job throws, or the signal's reason where it fires while the job waits. */
  async run<Result>(job: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    await this.#enter(signal);
    try {
      signal.throwIfAborted();
      return await job();
    } finally {
      this.#leave();
    }
  }

  async #enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.#busy) {
      this.#busy = true;
      return;
    }
    if (this.#waiting.length >= MAX_WAITING) throw new QueueFull();
    await new Promise<void>((resolve, reject) => {
      const enter = () => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        reject(signal.reason);
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#waiting.push(enter);
    });
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#busy = false;
  }
}
