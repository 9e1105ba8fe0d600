/** How long a slot is held, as a moving average, and what follows from it for who waits. Pure. */

/** Of the newest call in the average. */
const WEIGHT = 0.2;
/** Charged for a call before any was measured. */
export const FIRST_GUESS_MS = 10_000;

export class SlotTimes {
  #averageMs: number | undefined;

  note(slotMs: number): void {
    this.#averageMs =
      this.#averageMs === undefined
        ? slotMs
        : this.#averageMs + WEIGHT * (slotMs - this.#averageMs);
  }

  /** Undefined until a call was measured. */
  get averageMs(): number | undefined {
    return this.#averageMs;
  }

  get guessMs(): number {
    return this.#averageMs ?? FIRST_GUESS_MS;
  }
}

/**
 * Time until the call at `position` (1 is the next) gets a slot. `heldMs` is how long each running call has had its own:
 * they end after `slotMs`, and so does each of those that follow.
 */
export function estimateWaitMs(
  position: number,
  slots: number,
  slotMs: number,
  heldMs: readonly number[],
): number {
  const leftMs = heldMs.map((ms) => Math.max(0, slotMs - ms)).sort((a, b) => a - b);
  const before = position - 1;
  return (leftMs[before % slots] ?? 0) + Math.floor(before / slots) * slotMs;
}
