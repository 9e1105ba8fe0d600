/** One call's slot at the gate: waited for, kept while it is used, given back once. */
import { AppError } from "../core/errors.ts";
import { type Acquired, type GateCalls, RENEW_MS, type Ticket } from "../core/gate-protocol.ts";
import type { Caller } from "../core/ports.ts";
import type { QueuePlace } from "../core/stream.ts";
import { MAX_LEASE_MS } from "./leases.ts";

/** Who gets a slot within this time is told nothing of a line. */
export const FIRST_HOLD_MS = 1_000;
/** How old what a waiter is told of his place may be. */
export const HOLD_MS = 3_000;
/** Longest wait of one call; the alarm that a turn runs in has fifteen minutes, ten of them for the answer. */
export const MAX_WAIT_MS = 150_000;

export class Slot {
  readonly #gate: GateCalls;
  readonly #slots: number;
  readonly #caller: Caller;
  readonly #id: string;
  #timer: ReturnType<typeof setInterval> | undefined;
  /** Who has waited for too long comes back, and finds its place as it was. */
  #keepsPlace = false;

  constructor(gate: GateCalls, slots: number, caller: Caller) {
    this.#gate = gate;
    this.#slots = slots;
    this.#caller = caller;
    this.#id = caller.id ?? crypto.randomUUID();
  }

  /**
   * Yields the place in line as long as there is no slot; ends when there is one, or when `signal` fires. Throws
   * model/queue_full, also after `maxWaitMs`: the server is not to blame for it.
   */
  async *wait(signal: AbortSignal, maxWaitMs = MAX_WAIT_MS): AsyncGenerator<QueuePlace, void> {
    let waitedMs = 0;
    let holdMs = FIRST_HOLD_MS;
    while (!signal.aborted) {
      const acquired = await this.#ask(holdMs, signal);
      if (acquired.status === "granted" || signal.aborted) return;
      if (acquired.status === "full")
        throw new AppError("model/queue_full", { retryAfterMs: acquired.retryAfterMs });
      waitedMs += holdMs;
      holdMs = HOLD_MS;
      if (acquired.status === "left" || waitedMs >= maxWaitMs) throw this.#giveUp();
      const { position, etaMs } = acquired;
      yield { position, ...(etaMs === undefined ? {} : { etaMs }) };
    }
  }

  /** Keeps the slot from now on, as long as `isInUse` says so, and no longer than a call may take. */
  keep(isInUse: () => boolean): void {
    let renewals = MAX_LEASE_MS / RENEW_MS;
    this.#timer = setInterval(() => {
      renewals -= 1;
      if (renewals < 0) return this.#stopRenewals();
      // A renewal that fails is followed by another before the lease ends.
      if (isInUse()) this.#gate.renew(this.#ticket()).catch(() => undefined);
    }, RENEW_MS);
  }

  /** Gives back the slot, or the place in line. */
  async leave(busyMs: number): Promise<void> {
    this.#stopRenewals();
    if (this.#keepsPlace) return;
    // Where the gate cannot be told, the lease ends by itself.
    await this.#gate.release(this.#id, busyMs).catch(() => undefined);
  }

  #stopRenewals(): void {
    if (this.#timer !== undefined) clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #giveUp(): AppError {
    this.#keepsPlace = this.#caller.id !== undefined;
    return new AppError("model/queue_full", {
      detail: "No slot of the model server came free in time.",
    });
  }

  /** A gate that failed has begun anew: the second time is asked of another one. */
  async #ask(holdMs: number, signal: AbortSignal): Promise<Acquired> {
    try {
      return await this.#acquire(holdMs, signal).catch(() => this.#acquire(holdMs, signal));
    } catch (cause) {
      throw new AppError("model/busy", { detail: "The gate of the model server failed.", cause });
    }
  }

  async #acquire(holdMs: number, signal: AbortSignal): Promise<Acquired> {
    const { promise: aborted, resolve } = Promise.withResolvers<Acquired>();
    const leave = () => resolve({ status: "left" });
    signal.addEventListener("abort", leave, { once: true });
    try {
      return await Promise.race([this.#gate.acquire(this.#ticket(), this.#slots, holdMs), aborted]);
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  #ticket(): Ticket {
    const { personId, priority } = this.#caller;
    return { id: this.#id, personId, priority };
  }
}
