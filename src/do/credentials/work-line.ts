/** Heavy work, one piece at a time and a bounded number in line. Within one object, whose calls may wait for each other. */
import { AppError } from "../../core/errors.ts";

const COME_BACK_MS = 2_000;

export class WorkLine {
  readonly #maxWaiting: number;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(maxWaiting: number) {
    this.#maxWaiting = maxWaiting;
  }

  /** Throws sign_in/busy where too many wait. */
  async run<Value>(work: () => Promise<Value>): Promise<Value> {
    if (this.#waiting >= this.#maxWaiting)
      throw new AppError("sign_in/busy", { retryAfterMs: COME_BACK_MS });
    this.#waiting += 1;
    const mine = this.#last.then(work);
    this.#last = mine.catch(() => undefined); // whoever asked is told
    try {
      return await mine;
    } finally {
      this.#waiting -= 1;
    }
  }
}
