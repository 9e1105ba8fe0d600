/**
 * Who gets the next slot. Urgent calls go first, then those of people, then background work; what waits long rises. Among
 * people the one who had least of the slots goes first, and each one's calls in their order. Pure: time is an argument.
 */
import type { Priority } from "../core/ports.ts";
import { Shares } from "./shares.ts";

/** Calls in line up to which one of a priority may join: background work never takes people's places. */
export const MAX_WAITING: Readonly<Record<Priority, number>> = {
  background: 256,
  interactive: 512,
  urgent: 528,
};
export const MAX_WAITING_PER_PERSON = 64;
/** Background work that has waited this long is treated like a person's. */
export const BACKGROUND_AGE_MS = 120_000;
/** After this many urgent calls in a row, one that has waited for URGENT_AGE_MS comes between. */
export const MAX_URGENT_RUN = 8;
export const URGENT_AGE_MS = 30_000;

export interface Waiter {
  id: string;
  personId: string;
  priority: Priority;
  sinceMs: number;
  /** True for work that has just had a slot and goes on: the server still has its prompt in mind. */
  goesOn: boolean;
}

type IsReady = (waiter: Waiter) => boolean;

export class FairLine {
  /** In the order of arrival. */
  readonly #waiters: Map<string, Waiter>;
  readonly #shares: Shares;
  #urgentRun = 0;

  constructor(other?: FairLine) {
    this.#waiters = new Map(other ? other.#waiters : []);
    this.#shares = new Shares(other ? other.#shares : undefined);
    this.#urgentRun = other ? other.#urgentRun : 0;
  }

  get size(): number {
    return this.#waiters.size;
  }

  find(id: string): Waiter | undefined {
    return this.#waiters.get(id);
  }

  values(): Iterable<Waiter> {
    return this.#waiters.values();
  }

  /** False where the line is full, for all or for this person. */
  join(waiter: Waiter): boolean {
    const isRoom =
      this.#waiters.size < MAX_WAITING[waiter.priority] &&
      (waiter.priority === "urgent" || this.#countOf(waiter.personId) < MAX_WAITING_PER_PERSON);
    if (isRoom) this.#waiters.set(waiter.id, waiter);
    return isRoom;
  }

  leave(id: string): boolean {
    return this.#waiters.delete(id);
  }

  /** Takes the next one out of the line and charges him with `slotMs`. */
  take(nowMs: number, slotMs: number, isReady: IsReady = () => true): Waiter | undefined {
    const ready = [...this.#waiters.values()].filter(isReady);
    const next = this.#choose(ready, nowMs);
    if (!next) return undefined;
    this.#waiters.delete(next.id);
    this.#urgentRun = next.priority === "urgent" ? this.#urgentRun + 1 : 0;
    const people = new Set(ready.map(({ personId }) => personId)).size;
    this.#shares.begin(next.personId, slotMs, people);
    return next;
  }

  /** A call took longer or shorter than it was charged for. */
  correct(personId: string, byMs: number): void {
    this.#shares.correct(personId, byMs);
  }

  /** The ids in the order in which they get their slots, if nobody comes or goes. */
  order(nowMs: number, slotMs: number): string[] {
    const line = new FairLine(this);
    const ids: string[] = [];
    for (;;) {
      const next = line.take(nowMs, slotMs);
      if (!next) return ids;
      ids.push(next.id);
    }
  }

  #choose(ready: readonly Waiter[], nowMs: number): Waiter | undefined {
    const urgent = ready.find(({ priority }) => priority === "urgent");
    const others = ready.filter(({ priority }) => priority !== "urgent");
    const mayGoFirst =
      this.#urgentRun < MAX_URGENT_RUN ||
      !others.some(({ sinceMs }) => nowMs - sinceMs >= URGENT_AGE_MS);
    if (urgent && mayGoFirst) return urgent;
    const people = others.filter(
      ({ priority, sinceMs }) => priority === "interactive" || nowMs - sinceMs >= BACKGROUND_AGE_MS,
    );
    return this.#fairest(people) ?? this.#fairest(others);
  }

  #fairest(candidates: readonly Waiter[]): Waiter | undefined {
    let best: Waiter | undefined;
    for (const waiter of candidates) if (!best || this.#goesBefore(waiter, best)) best = waiter;
    return best;
  }

  /** `other` came first: it stays where both are equal. */
  #goesBefore(waiter: Waiter, other: Waiter): boolean {
    if (waiter.goesOn !== other.goesOn) return waiter.goesOn;
    return this.#shares.of(waiter.personId) < this.#shares.of(other.personId);
  }

  #countOf(personId: string): number {
    let count = 0;
    for (const waiter of this.#waiters.values()) if (waiter.personId === personId) count += 1;
    return count;
  }
}
