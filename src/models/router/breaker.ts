/**
 * Leaves a server alone that fails: after three failures within half a minute, or at once where a failure cost much, it
 * cools down. When that is over one call probes it while the others still go elsewhere; a failed probe doubles the wait.
 */
import { AppError, type ErrorCode } from "../../core/errors.ts";

export const FAILURES = 3;
export const WINDOW_MS = 30_000;
export const COOL_DOWN_MS = 10_000;
export const MAX_COOL_DOWN_MS = 300_000;
/** A failure that took so much of a person's time is enough by itself. */
export const COSTLY_MS = 5_000;

/** Failures that are the server's, and not those of one model or one request. */
const COUNTED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "model/unavailable",
  "model/busy",
  "model/timeout",
  "model/broken_stream",
  "model/unauthorized",
]);

/** One is enough: the server hangs, or will say the same to all. */
const GRAVE: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["model/timeout", "model/unauthorized"]);

/** `closed`: go ahead. `probe`: go ahead, and you alone. `open`: leave it. */
export type Admission = "closed" | "probe" | "open";

export class Breaker {
  readonly #nowMs: () => number;
  #failedAtMs: number[] = [];
  #openUntilMs = 0;
  #coolDownMs = COOL_DOWN_MS;
  #isProbing = false;
  #last: AppError | undefined;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Who is admitted must settle it: by `succeeded`, `failed` or `released`. */
  admit(): Admission {
    if (!this.#isOpen) return "closed";
    if (this.#nowMs() < this.#openUntilMs || this.#isProbing) return "open";
    this.#isProbing = true;
    return "probe";
  }

  /** True where calls go elsewhere now. */
  get isCooling(): boolean {
    return this.#isOpen && (this.#nowMs() < this.#openUntilMs || this.#isProbing);
  }

  /** Why the server is left alone, as a failure of its own that says for how long. */
  failure(): AppError {
    const retryAfterMs = Math.max(0, this.#openUntilMs - this.#nowMs());
    const { code = "model/unavailable", message } = this.#last ?? {};
    return new AppError(code, {
      retryAfterMs,
      ...(message === undefined ? {} : { detail: message }),
    });
  }

  /** True where this takes the server back. */
  succeeded(): boolean {
    const wasOpen = this.#isOpen;
    this.#failedAtMs = [];
    this.#openUntilMs = 0;
    this.#coolDownMs = COOL_DOWN_MS;
    this.#isProbing = false;
    return wasOpen;
  }

  /**
   * For how long the server is left alone from now on; undefined where it is not. `waitedMs` is how long somebody waited
   * for nothing.
   */
  failed(error: AppError, waitedMs: number): number | undefined {
    const wasProbe = this.#isProbing;
    this.#isProbing = false;
    if (!COUNTED.has(error.code)) {
      if (wasProbe) this.succeeded(); // it answered: what failed is the model or the request
      return undefined;
    }
    this.#last = error;
    const nowMs = this.#nowMs();
    if (nowMs < this.#openUntilMs) return undefined; // a call that began before, or one that had no other way
    this.#failedAtMs = [...this.#failedAtMs, nowMs].filter((atMs) => nowMs - atMs < WINDOW_MS);
    const isGrave = GRAVE.has(error.code) || waitedMs >= COSTLY_MS;
    const isEnough = this.#failedAtMs.length >= FAILURES || isGrave || wasProbe;
    return isEnough ? this.#open(nowMs, error.retryAfterMs ?? 0) : undefined;
  }

  /** The call ended without saying anything of the server. */
  released(): void {
    this.#isProbing = false;
  }

  get #isOpen(): boolean {
    return this.#openUntilMs > 0;
  }

  #open(nowMs: number, retryAfterMs: number): number {
    if (this.#isOpen) this.#coolDownMs = Math.min(MAX_COOL_DOWN_MS, this.#coolDownMs * 2);
    const waitMs = Math.min(MAX_COOL_DOWN_MS, Math.max(this.#coolDownMs, retryAfterMs));
    this.#openUntilMs = nowMs + waitMs;
    return waitMs;
  }
}
