/**
 * The loop of a session's alarm: it works as long as anything is due, each lane on its own, and says when it wants to
 * be woken again. While it runs no alarm needs to be set, because a crash brings the running one back.
 */

export interface WorkLane {
  name: string;
  /** True for work of minutes: none begins late in a run. */
  isLong: boolean;
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

/** The runtime ends an alarm after fifteen minutes: nothing long begins after two, and a turn takes thirteen at most. */
export const LATE_MS = 2 * 60_000;
/** A lane that failed by itself rests, so that a bug cannot spin. */
export const REST_MS = 5_000;
/** A timer of more than 24 days would fire at once. */
const MAX_WAIT_MS = 3_600_000;

export class WorkLoop {
  readonly #options: LoopOptions;
  readonly #restUntilMs = new Map<string, number>();
  readonly #active = new Set<string>();
  #wake = Promise.withResolvers<void>();
  #running: Promise<void> | undefined;

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** There may be something to do. */
  wake(): void {
    this.#wake.resolve();
  }

  /** When an alarm is to ring for what is due next: now at the earliest. Undefined where nothing waits. */
  nextAtMs(): number | undefined {
    const dueAtMs = this.#earliest(this.#options.lanes);
    return dueAtMs === undefined ? undefined : Math.max(dueAtMs, this.#options.nowMs());
  }

  /**
   * Works until nothing is due, or it is late. Who calls it meanwhile joins the run. Work that came after the loop's last
   * look is known to {@link nextAtMs}.
   */
  run(): Promise<void> {
    this.#running ??= this.#work().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #work(): Promise<void> {
    const { nowMs } = this.#options;
    const lateAtMs = nowMs() + LATE_MS;
    for (;;) {
      this.#wake = Promise.withResolvers();
      for (const lane of this.#readyLanes(lateAtMs)) {
        const dueAtMs = this.#dueAtMs(lane);
        if (dueAtMs !== undefined && dueAtMs <= nowMs()) void this.#runLane(lane);
      }
      if (this.#active.size === 0) return;
      await this.#wakeOrDue(this.#readyLanes(lateAtMs));
    }
  }

  /** The lanes that may begin something: late in a run the short ones only, and only while a long one is at work. */
  #readyLanes(lateAtMs: number): readonly WorkLane[] {
    const { lanes, nowMs } = this.#options;
    const idle = lanes.filter((lane) => !this.#active.has(lane.name));
    if (nowMs() < lateAtMs) return idle;
    const isLongAtWork = lanes.some((lane) => lane.isLong && this.#active.has(lane.name));
    return isLongAtWork ? idle.filter((lane) => !lane.isLong) : [];
  }

  /** A lane that rests or waits for its time is not held up by another that works for long. */
  async #wakeOrDue(ready: readonly WorkLane[]): Promise<void> {
    const dueAtMs = this.#earliest(ready);
    const timer =
      dueAtMs === undefined ? undefined : setTimeout(() => this.wake(), this.#waitMs(dueAtMs));
    await this.#wake.promise;
    if (timer !== undefined) clearTimeout(timer);
  }

  #waitMs(dueAtMs: number): number {
    return Math.min(MAX_WAIT_MS, Math.max(0, dueAtMs - this.#options.nowMs()));
  }

  #earliest(lanes: readonly WorkLane[]): number | undefined {
    const due = lanes.map((lane) => this.#dueAtMs(lane)).filter((dueAtMs) => dueAtMs !== undefined);
    return due.length > 0 ? Math.min(...due) : undefined;
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
}
