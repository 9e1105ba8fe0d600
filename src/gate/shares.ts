/**
 * How much of the slots' time each person had, as a virtual clock (start-time fair queuing): who had least goes first.
 * The clock goes on with what is served, so that a newcomer goes neither before all others for ever nor behind them.
 */

/** People with a lead on the clock that are remembered; the ones remembered longest are forgotten first. */
export const MAX_PEOPLE = 1_000;

export class Shares {
  #clockMs = 0;
  readonly #usedMs: Map<string, number>;

  constructor(other?: Shares) {
    this.#clockMs = other ? other.#clockMs : 0;
    this.#usedMs = new Map(other ? other.#usedMs : []);
  }

  /** Where a person stands: the clock, or beyond it by what he had more than his share. */
  of(personId: string): number {
    return Math.max(this.#clockMs, this.#usedMs.get(personId) ?? 0);
  }

  /** Someone out of `people` who wait begins a call that will take about `slotMs`. */
  begin(personId: string, slotMs: number, people: number): void {
    const startMs = this.of(personId);
    this.#clockMs = Math.max(this.#clockMs + slotMs / Math.max(1, people), startMs);
    this.#set(personId, startMs + slotMs);
  }

  /** A call took longer or shorter than it was charged for. */
  correct(personId: string, byMs: number): void {
    this.#set(personId, (this.#usedMs.get(personId) ?? this.#clockMs) + byMs);
  }

  #set(personId: string, usedMs: number): void {
    this.#usedMs.delete(personId);
    this.#usedMs.set(personId, usedMs);
    if (this.#usedMs.size > MAX_PEOPLE) this.#forget();
  }

  #forget(): void {
    for (const [personId, usedMs] of this.#usedMs)
      if (usedMs <= this.#clockMs) this.#usedMs.delete(personId);
    const oldest = this.#usedMs.size > MAX_PEOPLE ? this.#usedMs.keys().next().value : undefined;
    if (oldest !== undefined) this.#usedMs.delete(oldest);
  }
}
