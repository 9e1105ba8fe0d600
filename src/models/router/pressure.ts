/** What the host last said of the memory of this box. It repeats itself while too little is free. */

/** Older news count for nothing: the host that would have taken them back may be gone. */
export const PRESSURE_TTL_MS = 25 * 60_000;

export class PressureGauge {
  readonly #nowMs: () => number;
  #freePercent: number | undefined;
  #toldAtMs = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Undefined: there is enough. */
  tell(freePercent: number | undefined): void {
    this.#freePercent = freePercent;
    this.#toldAtMs = this.#nowMs();
  }

  /** What is free, in percent, while it is too little. */
  get freePercent(): number | undefined {
    return this.#nowMs() - this.#toldAtMs < PRESSURE_TTL_MS ? this.#freePercent : undefined;
  }
}
