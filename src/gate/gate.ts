/**
 * The slots of one model server: a line, leases, and how long they take. Pure: it knows no timers and no promises, and
 * time is an argument. do/gate/gate.ts gives it those.
 */
import type { GateState, Ticket } from "../core/gate-protocol.ts";
import type { QueuePlace } from "../core/stream.ts";
import { FairLine, type Waiter } from "./fair-line.ts";
import { type Lease, Leases } from "./leases.ts";
import { estimateWaitMs, SlotTimes } from "./slot-times.ts";

/** Who has not asked for this long keeps its place, and others get the slots. */
export const PRESENT_MS = 2_000;
/** Who has not asked for this long has lost its place. */
export const KEEP_PLACE_MS = 60_000;
/** Who comes back within this time after its call goes on before others. */
export const GOES_ON_MS = 60_000;
const MAX_ENDED = 256;
/** Positions are worked out anew this often at most: a long line takes some milliseconds. */
const ORDER_MS = 500;

export interface Grant {
  ticket: Ticket;
  waitedMs: number;
}

export class Gate {
  #slots = 1;
  readonly #line = new FairLine();
  readonly #leases = new Leases();
  readonly #times = new SlotTimes();
  readonly #seenAtMs = new Map<string, number>();
  /** When work that may go on had its last slot, the latest last. */
  readonly #endedAtMs = new Map<string, number>();
  /** Positions, when they were worked out, and whether something has changed since. */
  #order = new Map<string, number>();
  #orderAtMs = Number.NEGATIVE_INFINITY;
  #isOrderStale = true;

  setSlots(slots: number): void {
    this.#slots = slots;
  }

  /** Joins the line or is seen in it again, under its present priority. */
  ask(ticket: Ticket, nowMs: number): "granted" | "waiting" | "full" {
    if (this.#leases.renew(ticket.id, nowMs)) return "granted";
    const known = this.#line.find(ticket.id);
    if (known) this.#rise(known, ticket);
    else if (!this.#join(ticket, nowMs)) return "full";
    this.#seenAtMs.set(ticket.id, nowMs);
    return "waiting";
  }

  /** Hands out the slots that are free. `isHere` says of a waiter that its call is open now. */
  grant(nowMs: number, isHere: (id: string) => boolean): Grant[] {
    const grants: Grant[] = [];
    const isReady = ({ id }: Waiter) =>
      isHere(id) || nowMs - (this.#seenAtMs.get(id) ?? 0) <= PRESENT_MS;
    while (this.#leases.busy < this.#slots) {
      const waiter = this.#line.take(nowMs, this.#times.guessMs, isReady);
      if (!waiter) return grants;
      const { id, personId, priority, sinceMs } = waiter;
      this.#forget(id);
      this.#leases.grant({ id, personId, priority }, this.#times.guessMs, nowMs);
      grants.push({ ticket: { id, personId, priority }, waitedMs: nowMs - sinceMs });
    }
    return grants;
  }

  renew(ticket: Ticket, nowMs: number): void {
    if (this.#leases.renew(ticket.id, nowMs)) return;
    this.leave(ticket.id);
    this.#leases.grant(ticket, 0, nowMs);
  }

  release(id: string, busyMs: number, nowMs: number): void {
    this.leave(id);
    const lease = this.#leases.release(id, busyMs, nowMs);
    if (!lease) return;
    this.#settle(lease, nowMs);
    this.#endedAtMs.delete(id);
    this.#endedAtMs.set(id, nowMs);
    const oldest =
      this.#endedAtMs.size > MAX_ENDED ? this.#endedAtMs.keys().next().value : undefined;
    if (oldest !== undefined) this.#endedAtMs.delete(oldest);
  }

  /** Ends what was not heard of in time; gives the leases that were lost. */
  sweep(nowMs: number, isHere: (id: string) => boolean): Lease[] {
    for (const [id, seenAtMs] of this.#seenAtMs)
      if (!isHere(id) && nowMs - seenAtMs > KEEP_PLACE_MS) this.leave(id);
    const lost = this.#leases.sweep(nowMs);
    for (const lease of lost) this.#settle(lease, nowMs);
    return lost;
  }

  leave(id: string): void {
    if (this.#line.leave(id)) this.#forget(id);
  }

  /** Seen until now: its call has just ended. */
  see(id: string, nowMs: number): void {
    if (this.#seenAtMs.has(id)) this.#seenAtMs.set(id, nowMs);
  }

  holds(id: string): boolean {
    return this.#leases.has(id);
  }

  place(id: string, nowMs: number): QueuePlace {
    if (this.#isOrderStale && nowMs - this.#orderAtMs >= ORDER_MS) this.#workOutOrder(nowMs);
    const position = this.#order.get(id) ?? this.#line.size;
    const { averageMs } = this.#times;
    if (averageMs === undefined) return { position };
    const heldMs = this.#leases.heldMs(nowMs);
    return { position, etaMs: estimateWaitMs(position, this.#slots, averageMs, heldMs) };
  }

  /** Time until everyone who waits now has had his turn. */
  emptyAfterMs(): number {
    return Math.ceil((this.#line.size / this.#slots) * this.#times.guessMs);
  }

  /** When a slot comes free by time alone, where somebody waits for one. */
  nextLookMs(): number | undefined {
    return this.#line.size > 0 ? this.#leases.nextEndMs() : undefined;
  }

  state(): GateState {
    return { slots: this.#slots, busy: this.#leases.busy, waiting: this.#line.size };
  }

  #workOutOrder(nowMs: number): void {
    const ids = this.#line.order(nowMs, this.#times.guessMs);
    this.#order = new Map(ids.map((id, index) => [id, index + 1]));
    this.#orderAtMs = nowMs;
    this.#isOrderStale = false;
  }

  #join(ticket: Ticket, nowMs: number): boolean {
    const endedAtMs = this.#endedAtMs.get(ticket.id);
    const goesOn = endedAtMs !== undefined && nowMs - endedAtMs <= GOES_ON_MS;
    const isIn = this.#line.join({ ...ticket, sinceMs: nowMs, goesOn });
    if (isIn) this.#isOrderStale = true;
    return isIn;
  }

  #rise(waiter: Waiter, { priority }: Ticket): void {
    if (waiter.priority === priority) return;
    waiter.priority = priority;
    this.#isOrderStale = true;
  }

  /** The person had this much of the slots, and not what was thought. */
  #settle({ ticket, grantedAtMs, chargedMs }: Lease, nowMs: number): void {
    const slotMs = nowMs - grantedAtMs;
    this.#times.note(slotMs);
    this.#line.correct(ticket.personId, slotMs - chargedMs);
    this.#isOrderStale = true;
  }

  #forget(id: string): void {
    this.#seenAtMs.delete(id);
    this.#isOrderStale = true;
  }
}
