/**
 * Refusals as the audit log is told of them: the first of a kind at once, the rest counted and told together later. A
 * flood becomes few entries, and a kill loses a count at most. Pure.
 */

/** Between two entries of one kind. */
export const TELL_AGAIN_MS = 10 * 60_000;
/** Kinds that are told apart at a time; those beyond are told of as one. */
export const MAX_TOLD_KINDS = 20;

const BEYOND = "";

interface Counted<About> {
  /** Of the last one. */
  about: About;
  toldAtMs: number;
  count: number;
}

export interface ToldRefusals<About> {
  /** Of the last one; undefined where they are of several kinds. */
  about: About | undefined;
  count: number;
}

export class RefusalTally<About> {
  readonly #kinds = new Map<string, Counted<About>>();

  /** Counts one more, and answers what is to be told now. */
  add(kind: string, about: About, nowMs: number): ToldRefusals<About>[] {
    for (const [name, { toldAtMs, count }] of this.#kinds)
      if (count === 0 && isOver(toldAtMs, nowMs)) this.#kinds.delete(name);
    const name = this.#kinds.has(kind) || this.#kinds.size < MAX_TOLD_KINDS ? kind : BEYOND;
    const { toldAtMs, count } = this.#kinds.get(name) ?? {
      toldAtMs: Number.NEGATIVE_INFINITY,
      count: 0,
    };
    this.#kinds.set(name, { about, toldAtMs, count: count + 1 });
    return this.#take(nowMs, (counted) => isOver(counted.toldAtMs, nowMs));
  }

  /** All that were counted and not told of. */
  rest(nowMs: number): ToldRefusals<About>[] {
    return this.#take(nowMs, () => true);
  }

  #take(nowMs: number, isDue: (counted: Counted<About>) => boolean): ToldRefusals<About>[] {
    const due = [...this.#kinds].filter(([, counted]) => counted.count > 0 && isDue(counted));
    return due.map(([name, { about, count }]) => {
      this.#kinds.set(name, { about, toldAtMs: nowMs, count: 0 });
      return { about: name === BEYOND ? undefined : about, count };
    });
  }
}

/** A clock that was set back makes nobody wait. */
function isOver(toldAtMs: number, nowMs: number): boolean {
  return nowMs - toldAtMs >= TELL_AGAIN_MS || nowMs < toldAtMs;
}
