/**
 * The loop of a session's alarm: it works as long as anything is due, each lane on its own, and says when it wants to
 * be woken again. While it runs no alarm needs to be set, because a crash brings the running one back.
 */

export interface WorkLane {
  name: string;
  /** Time at which there is something to do; now or earlier means due, undefined means nothing. */
  dueAtMs(): number | undefined;
  /** One piece of work. */
  run(): Promise<void>;
}

export interface LoopOptions {
  lanes: readonly WorkLane[];
  nowMs(): number;
  failed(lane: string, error: unknown): void;
}

/** The runtime ends an alarm after fifteen minutes: nothing new begins after four, and a turn takes ten at most. */
const MAX_RUN_MS = 4 * 60_000;
/** A lane that failed by itself rests, so that a bug cannot spin. */
const REST_MS = 5_000;

export class WorkLoop {
  readonly #options: LoopOptions;
  readonly #restUntilMs = new Map<string, number>();
  readonly #active = new Set<string>();
  #wake = Promise.withResolvers<void>();
  #isRunning = false;

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** There may be something to do. */
  wake(): void {
    this.#wake.resolve();
  }

  #dueAtMs(lane: WorkLane): number | undefined {
    const dueAtMs = lane.dueAtMs();
    if (dueAtMs === undefined) return undefined;
    return Math.max(dueAtMs, this.#restUntilMs.get(lane.name) ?? 0);
  }

  async #runLane(lane: WorkLane): Promise<void> {
    this.#active.add(lane.name);
    try {
      await lane.run();
      this.#restUntilMs.delete(lane.name);
    } catch (error) {
      this.#restUntilMs.set(lane.name, this.#options.nowMs() + REST_MS);
      this.#options.failed(lane.name, error);
    } finally {
      this.#active.delete(lane.name);
      this.wake();
    }
  }

  /** When something is due next, of what nobody works on; undefined where nothing waits. */
  nextAtMs(): number | undefined {
    return this.#earliest(this.#options.lanes);
  }

  #nextIdleAtMs(): number | undefined {
    return this.#earliest(this.#options.lanes.filter((lane) => !this.#active.has(lane.name)));
  }

  #earliest(lanes: readonly WorkLane[]): number | undefined {
    const due = lanes.map((lane) => this.#dueAtMs(lane)).filter((dueAtMs) => dueAtMs !== undefined);
    return due.length > 0 ? Math.min(...due) : undefined;
  }

  /** Works until nothing is due, or the time of one run is over. */
  async run(): Promise<void> {
    this.#isRunning = true;
    const { lanes, nowMs } = this.#options;
    const stopAtMs = nowMs() + MAX_RUN_MS;
    for (;;) {
      this.#wake = Promise.withResolvers();
      const isOver = nowMs() >= stopAtMs;
      for (const lane of lanes) {
        const dueAtMs = this.#active.has(lane.name) || isOver ? undefined : this.#dueAtMs(lane);
        if (dueAtMs !== undefined && dueAtMs <= nowMs()) void this.#runLane(lane);
      }
      if (this.#active.size === 0) break;
      await this.#wakeOrDue(isOver);
    }
    this.#isRunning = false;
  }

  /** A lane that rests or waits for its time is not held up by another that works for long. */
  async #wakeOrDue(isOver: boolean): Promise<void> {
    const dueAtMs = isOver ? undefined : this.#nextIdleAtMs();
    const timer =
      dueAtMs === undefined
        ? undefined
        : setTimeout(() => this.wake(), Math.max(0, dueAtMs - this.#options.nowMs()));
    await this.#wake.promise;
    if (timer !== undefined) clearTimeout(timer);
  }
}
