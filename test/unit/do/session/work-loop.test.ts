import { afterEach, beforeEach, describe, it, vi } from "vitest";
import { LATE_MS, REST_MS, type WorkLane, WorkLoop } from "../../../../src/do/session/work-loop.ts";

/** A lane with a queue of pieces of work, each with its time. */
class TestLane implements WorkLane {
  readonly name: string;
  readonly isLong: boolean;
  readonly queue: { dueAtMs: number; work: () => Promise<void> }[] = [];
  begun = 0;

  constructor(name: string, isLong = false) {
    this.name = name;
    this.isLong = isLong;
  }

  add(work: () => Promise<void> = async () => undefined, dueAtMs = 0): void {
    this.queue.push({ dueAtMs, work });
  }

  dueAtMs(): number | undefined {
    return this.queue[0]?.dueAtMs;
  }

  /** A piece that fails stays the first. */
  async run(): Promise<void> {
    this.begun += 1;
    await this.queue[0]?.work();
    this.queue.shift();
  }
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function createLoop(...lanes: TestLane[]) {
  const failed = vi.fn();
  return { loop: new WorkLoop({ lanes, nowMs: () => Date.now(), failed }), failed };
}

describe("WorkLoop", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("ends at once where nothing is due", async ({ expect }) => {
    const { loop } = createLoop(new TestLane("a"));
    await loop.run();
    expect(loop.isRunning).toBe(false);
    expect(loop.nextAtMs()).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("works a lane off in order, one piece at a time", async ({ expect }) => {
    const lane = new TestLane("a");
    const log: string[] = [];
    for (const name of ["one", "two"])
      lane.add(async () => {
        log.push(`${name} begins`);
        await sleep(10);
        log.push(`${name} ends`);
      });
    const { loop } = createLoop(lane);
    const running = loop.run();
    await vi.advanceTimersByTimeAsync(20);
    await running;
    expect(log).toEqual(["one begins", "one ends", "two begins", "two ends"]);
  });

  it("lets no lane wait for another", async ({ expect }) => {
    const [slow, quick] = [new TestLane("slow"), new TestLane("quick")];
    slow.add(() => sleep(60_000));
    quick.add();
    quick.add();
    const { loop } = createLoop(slow, quick);
    const running = loop.run();
    await vi.advanceTimersByTimeAsync(0);
    expect(quick.begun).toBe(2);
    await vi.advanceTimersByTimeAsync(60_000);
    await running;
  });

  it("takes up what comes while it works, when it is woken", async ({ expect }) => {
    const [slow, quick] = [new TestLane("slow"), new TestLane("quick")];
    slow.add(() => sleep(60_000));
    const { loop } = createLoop(slow, quick);
    const running = loop.run();
    await vi.advanceTimersByTimeAsync(10);
    expect(loop.isRunning).toBe(true);
    quick.add();
    loop.wake();
    await vi.advanceTimersByTimeAsync(0);
    expect(quick.queue).toEqual([]);
    await vi.advanceTimersByTimeAsync(60_000);
    await running;
  });

  it.for(Array.from({ length: 12 }, (_, step) => step))(
    "does not lose work that comes %i steps before or after its end",
    async (steps, { expect }) => {
      const lane = new TestLane("a");
      lane.add();
      const { loop } = createLoop(lane);
      const ended = loop.run().then(() => loop.nextAtMs());
      for (let step = 0; step < steps; step += 1) await Promise.resolve();
      lane.add();
      const isToldByAlarm = !loop.isRunning; // as accept() tells it: by waking, or by an alarm
      loop.wake();
      const nextAtMs = await ended;
      expect(lane.queue.length === 0 || nextAtMs === Date.now() || isToldByAlarm).toBe(true);
    },
  );

  it("wakes by itself for a lane whose time comes while another works", async ({ expect }) => {
    const [slow, later] = [new TestLane("slow"), new TestLane("later")];
    slow.add(() => sleep(60_000));
    later.add(undefined, Date.now() + 5_000);
    const { loop } = createLoop(slow, later);
    const running = loop.run();
    await vi.advanceTimersByTimeAsync(4_999);
    expect(later.begun).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(later.queue).toEqual([]);
    await vi.advanceTimersByTimeAsync(60_000);
    await running;
  });

  it("says when something is due next, and does not wait for it", async ({ expect }) => {
    const [one, other] = [new TestLane("one"), new TestLane("other")];
    one.add(undefined, Date.now() + 9_000);
    other.add(undefined, Date.now() + 7_000);
    const { loop } = createLoop(one, other);
    await loop.run();
    expect(loop.nextAtMs()).toBe(Date.now() + 7_000);
    expect(one.begun + other.begun).toBe(0);
  });

  it("lets a lane that fails rest, tells of it, and keeps the others at work", async ({
    expect,
  }) => {
    const [bad, good] = [new TestLane("bad"), new TestLane("good")];
    const error = new Error("no keys");
    bad.add(async () => {
      throw error;
    });
    good.add();
    const { loop, failed } = createLoop(bad, good);
    await loop.run();
    expect(failed).toHaveBeenCalledExactlyOnceWith("bad", error);
    expect(good.queue).toEqual([]);
    expect(loop.nextAtMs()).toBe(Date.now() + REST_MS);
    await loop.run();
    expect(bad.begun).toBe(1);
    await vi.advanceTimersByTimeAsync(REST_MS);
    await loop.run();
    expect(bad.begun).toBe(2);
  });

  it("does not spin with a lane that fails for ever", async ({ expect }) => {
    const [bad, slow] = [new TestLane("bad"), new TestLane("slow")];
    bad.add(async () => {
      throw new Error("always");
    });
    slow.add(() => sleep(60_000));
    const { loop } = createLoop(bad, slow);
    const running = loop.run();
    await vi.advanceTimersByTimeAsync(60_000);
    await running;
    expect(bad.begun).toBe(60_000 / REST_MS + 1);
  });

  it("is joined by who runs it a second time", async ({ expect }) => {
    const lane = new TestLane("a");
    lane.add(() => sleep(1_000));
    const { loop } = createLoop(lane);
    const runs = [loop.run(), loop.run()];
    await vi.advanceTimersByTimeAsync(1_000);
    await Promise.all(runs);
    expect(lane.begun).toBe(1);
    expect(loop.isRunning).toBe(false);
  });

  it("begins nothing long after two minutes, and says that it is due", async ({ expect }) => {
    const lane = new TestLane("a", true);
    for (let index = 0; index < 10; index += 1) lane.add(() => sleep(60_000));
    const { loop } = createLoop(lane);
    const running = loop.run();
    await vi.advanceTimersByTimeAsync(LATE_MS);
    await running;
    expect(lane.begun).toBe(LATE_MS / 60_000);
    expect(loop.nextAtMs()).toBe(Date.now());
  });

  it("goes on with short work after that, as long as a long one is under way", async ({
    expect,
  }) => {
    const [long, short] = [new TestLane("long", true), new TestLane("short")];
    long.add(() => sleep(10 * 60_000));
    long.add();
    const { loop } = createLoop(long, short);
    const running = loop.run();
    await vi.advanceTimersByTimeAsync(LATE_MS + 60_000);
    short.add();
    loop.wake();
    await vi.advanceTimersByTimeAsync(0);
    expect(short.queue).toEqual([]);
    short.add(undefined, Date.now() + 60_000);
    loop.wake();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(short.queue).toEqual([]);
    await vi.advanceTimersByTimeAsync(10 * 60_000);
    await running;
    expect(long.begun).toBe(1);
    expect(loop.nextAtMs()).toBe(Date.now());
  });
});
