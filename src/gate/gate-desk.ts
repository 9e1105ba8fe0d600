/**
 * The desk in front of a gate: the open calls of those who wait, and the timer for slots that come free by themselves.
 * Who gets a slot is decided in gate.ts.
 */
import type { RockpoolEvent } from "../core/events.ts";
import {
  type Acquired,
  type GateCalls,
  type GateState,
  MAX_HOLD_MS,
  type Ticket,
} from "../core/gate-protocol.ts";
import { Gate } from "./gate.ts";

/** Who finds the line full is asked to come back after this time at least, and at most. */
const MIN_RETRY_MS = 1_000;
const MAX_RETRY_MS = 30_000;

export class GateDesk implements GateCalls {
  readonly #report: (event: RockpoolEvent) => void;
  readonly #gate = new Gate();
  /** The open call of each waiter, by ticket. */
  readonly #open = new Map<string, (outcome: Acquired) => void>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(report: (event: RockpoolEvent) => void) {
    this.#report = report;
  }

  /** A slot that is free while nobody waits: granted without a call of the gate's object. Undefined where one must ask there. */
  acquireAtOnce(ticket: Ticket, slots: number): Acquired | undefined {
    const { busy, waiting } = this.#gate.state();
    if (waiting > 0 || busy >= slots) return undefined;
    this.#gate.setSlots(slots);
    if (this.#gate.ask(ticket, Date.now()) === "full") return undefined;
    this.#grant(Date.now());
    return this.#gate.holds(ticket.id) ? { status: "granted" } : undefined;
  }

  /** True where nobody waits for what is given back; false, and nothing is done, where the gate's object must hand it on. */
  releaseAtOnce(id: string, busyMs: number): boolean {
    if (this.#gate.state().waiting > 0) return false;
    this.#gate.release(id, busyMs, Date.now());
    return true;
  }

  async acquire(ticket: Ticket, slots: number, holdMs: number): Promise<Acquired> {
    this.#gate.setSlots(slots);
    const asked = this.#gate.ask(ticket, Date.now());
    if (asked === "full") return this.#refuse(ticket);
    this.#work();
    if (this.#gate.holds(ticket.id)) return { status: "granted" };
    return this.#wait(ticket.id, Math.min(holdMs, MAX_HOLD_MS));
  }

  async renew(ticket: Ticket): Promise<void> {
    this.#gate.renew(ticket, Date.now());
  }

  async release(id: string, busyMs: number): Promise<void> {
    this.#gate.release(id, busyMs, Date.now());
    this.#close(id, { status: "left" });
    this.#work();
  }

  async state(): Promise<GateState> {
    this.#work();
    return this.#gate.state();
  }

  async #wait(id: string, holdMs: number): Promise<Acquired> {
    this.#close(id, { status: "left" }); // an older call for the same ticket
    const { promise, resolve } = Promise.withResolvers<Acquired>();
    this.#open.set(id, resolve);
    const timer = setTimeout(() => {
      this.#work();
      this.#close(id, { status: "waiting", ...this.#gate.place(id, Date.now()) });
    }, holdMs);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Takes back what is over, hands out what is free, and looks again when time alone frees a slot. */
  #work(): void {
    const nowMs = Date.now();
    const isHere = (id: string) => this.#open.has(id);
    for (const { grantedAtMs } of this.#gate.sweep(nowMs, isHere))
      this.#report({ type: "gate:lost", heldMs: nowMs - grantedAtMs });
    this.#grant(nowMs);
    this.#lookAgain(nowMs);
  }

  #grant(nowMs: number): void {
    const isHere = (id: string) => this.#open.has(id);
    for (const { ticket, waitedMs } of this.#gate.grant(nowMs, isHere)) {
      this.#report({ type: "gate:granted", priority: ticket.priority, waitedMs });
      this.#close(ticket.id, { status: "granted" });
    }
  }

  #lookAgain(nowMs: number): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    const lookAtMs = this.#gate.nextLookMs();
    this.#timer =
      lookAtMs === undefined
        ? undefined
        : setTimeout(() => this.#work(), Math.max(1, lookAtMs - nowMs));
  }

  #close(id: string, outcome: Acquired): void {
    const answer = this.#open.get(id);
    if (!answer) return;
    this.#open.delete(id);
    this.#gate.see(id, Date.now());
    answer(outcome);
  }

  #refuse({ priority }: Ticket): Acquired {
    this.#report({ type: "gate:full", priority });
    const retryAfterMs = Math.min(MAX_RETRY_MS, Math.max(MIN_RETRY_MS, this.#gate.emptyAfterMs()));
    return { status: "full", retryAfterMs };
  }
}
