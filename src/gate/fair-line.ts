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
  /** How many calls of each person wait. */
  readonly #counts: Map<string, number>;
  readonly #shares: Shares;
  #urgentRun = 0;

  constructor(other?: FairLine) {
    this.#waiters = new Map(other ? other.#waiters : []);
    this.#counts = new Map(other ? other.#counts : []);
    this.#shares = new Shares(other ? other.#shares : undefined);
    this.#urgentRun = other ? other.#urgentRun : 0;
  }

  get size(): number {
    return this.#waiters.size;
  }

  find(id: string): Waiter | undefined {
    return this.#waiters.get(id);
  }

  /** False where the line is full, for all or for this person. */
  join(waiter: Waiter): boolean {
    const { id, personId, priority } = waiter;
    const count = this.#counts.get(personId) ?? 0;
    const isRoom =
      this.#waiters.size < MAX_WAITING[priority] &&
      (priority === "urgent" || count < MAX_WAITING_PER_PERSON);
    if (!isRoom) return false;
    this.#waiters.set(id, waiter);
    this.#counts.set(personId, count + 1);
    return true;
  }

  leave(id: string): boolean {
    const waiter = this.#waiters.get(id);
    if (!waiter) return false;
    this.#waiters.delete(id);
    const count = (this.#counts.get(waiter.personId) ?? 1) - 1;
    if (count > 0) this.#counts.set(waiter.personId, count);
    else this.#counts.delete(waiter.personId);
    return true;
  }

  /** Takes the next one out of the line and charges him with `slotMs`. */
  take(nowMs: number, slotMs: number, isReady: IsReady = () => true): Waiter | undefined {
    const next = this.#choose(nowMs, isReady);
    if (!next) return undefined;
    this.#urgentRun = next.priority === "urgent" ? this.#urgentRun + 1 : 0;
    this.#shares.begin(next.personId, slotMs, this.#counts.size);
    this.leave(next.id);
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

  #choose(nowMs: number, isReady: IsReady): Waiter | undefined {
    let urgent: Waiter | undefined;
    let person: Waiter | undefined;
    let background: Waiter | undefined;
    let oldestMs = nowMs;
    for (const waiter of this.#waiters.values()) {
      if (!isReady(waiter)) continue;
      if (waiter.priority === "urgent") {
        urgent ??= waiter;
        continue;
      }
      oldestMs = Math.min(oldestMs, waiter.sinceMs);
      if (isForPeople(waiter, nowMs)) person = this.#fairer(person, waiter);
      else background = this.#fairer(background, waiter);
    }
    const isHeldUp = this.#urgentRun >= MAX_URGENT_RUN && nowMs - oldestMs >= URGENT_AGE_MS;
    const other = person ?? background;
    return isHeldUp ? (other ?? urgent) : (urgent ?? other);
  }

  /** `first` came first: it stays where both are equal. */
  #fairer(first: Waiter | undefined, waiter: Waiter): Waiter {
    if (!first) return waiter;
    if (waiter.goesOn !== first.goesOn) return waiter.goesOn ? waiter : first;
    const isBehind = this.#shares.of(waiter.personId) < this.#shares.of(first.personId);
    return isBehind ? waiter : first;
  }
}

function isForPeople({ priority, sinceMs }: Waiter, nowMs: number): boolean {
  return priority === "interactive" || nowMs - sinceMs >= BACKGROUND_AGE_MS;
}
