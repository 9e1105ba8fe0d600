/**
 * Exports that are being downloaded: one of each person, and few of all people together. One that nobody reads on any
 * more lapses. Pure.
 */

export const MAX_EXPORTS_AT_ONCE = 4;
/** Nothing was read for so long: the reader has gone. */
export const EXPORT_IDLE_MS = 60_000;

export interface RunningExport {
  personId: string;
  readAtMs: number;
}

export class RunningExports {
  readonly #running = new Set<RunningExport>();

  has(personId: string, nowMs: number): boolean {
    this.#lapse(nowMs);
    return [...this.#running].some((each) => each.personId === personId);
  }

  hasRoom(nowMs: number): boolean {
    this.#lapse(nowMs);
    return this.#running.size < MAX_EXPORTS_AT_ONCE;
  }

  begin(personId: string, nowMs: number): RunningExport {
    const begun = { personId, readAtMs: nowMs };
    this.#running.add(begun);
    return begun;
  }

  /** The reader has taken a piece. */
  read(running: RunningExport, nowMs: number): void {
    running.readAtMs = nowMs;
    this.#running.add(running);
  }

  end(running: RunningExport): void {
    this.#running.delete(running);
  }

  #lapse(nowMs: number): void {
    for (const each of this.#running)
      if (Math.abs(nowMs - each.readAtMs) > EXPORT_IDLE_MS) this.#running.delete(each);
  }
}
