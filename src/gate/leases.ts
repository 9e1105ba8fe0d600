/** Who holds a slot, and until when: a holder that is not heard of loses it, and a call that was cut off keeps it a while. Pure. */
import { LEASE_MS, type Ticket } from "../core/gate-protocol.ts";

/** Longest that a call may hold its slot, renewed or not: the longest answer, and what goes before it. */
export const MAX_LEASE_MS = 660_000;
/** Longest that a slot is kept for a call that was cut off. */
export const MAX_BUSY_MS = 30_000;

export interface Lease {
  ticket: Ticket;
  grantedAtMs: number;
  endsAtMs: number;
  /** What the person was charged for it when it began. */
  chargedMs: number;
}

export class Leases {
  readonly #held = new Map<string, Lease>();
  /** When the server is done with each call that was cut off. */
  #busyUntilMs: number[] = [];

  get busy(): number {
    return this.#held.size + this.#busyUntilMs.length;
  }

  has(id: string): boolean {
    return this.#held.has(id);
  }

  grant(ticket: Ticket, chargedMs: number, nowMs: number): void {
    const lease = { ticket, grantedAtMs: nowMs, endsAtMs: nowMs + LEASE_MS, chargedMs };
    this.#held.set(ticket.id, lease);
  }

  /** False for a lease that is not known here. */
  renew(id: string, nowMs: number): boolean {
    const lease = this.#held.get(id);
    if (!lease) return false;
    lease.endsAtMs = Math.min(nowMs + LEASE_MS, lease.grantedAtMs + MAX_LEASE_MS);
    return true;
  }

  release(id: string, busyMs: number, nowMs: number): Lease | undefined {
    const lease = this.#held.get(id);
    if (!lease) return undefined;
    this.#held.delete(id);
    if (busyMs > 0) this.#busyUntilMs.push(nowMs + Math.min(busyMs, MAX_BUSY_MS));
    return lease;
  }

  /** Ends what is over; gives the leases whose holders were not heard of in time. */
  sweep(nowMs: number): Lease[] {
    this.#busyUntilMs = this.#busyUntilMs.filter((untilMs) => untilMs > nowMs);
    const lost = [...this.#held.values()].filter(({ endsAtMs }) => endsAtMs <= nowMs);
    for (const { ticket } of lost) this.#held.delete(ticket.id);
    return lost;
  }

  /** When the next slot comes free by time alone. */
  nextEndMs(): number | undefined {
    const ends = [...this.#held.values()].map(({ endsAtMs }) => endsAtMs);
    const all = [...ends, ...this.#busyUntilMs];
    return all.length > 0 ? Math.min(...all) : undefined;
  }

  /** How long each slot in use has been held. */
  heldMs(nowMs: number): number[] {
    return [...this.#held.values()].map(({ grantedAtMs }) => nowMs - grantedAtMs);
  }
}
