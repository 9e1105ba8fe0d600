import { afterEach, beforeEach, describe, it, vi } from "vitest";
import { Pump, type PumpOptions } from "../../../src/turn/pump.ts";

function createPump(given: Partial<PumpOptions> = {}) {
  const show = vi.fn(async () => undefined);
  const failed = vi.fn(() => undefined as number | undefined);
  const options: PumpOptions = { firstMs: 250, everyMs: 1_000, show, failed, ...given };
  return { pump: new Pump(options), show, failed };
}

describe("Pump", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("shows for the first time when it is time, and then at its pace", async ({ expect }) => {
    const { show, pump } = createPump();
    await vi.advanceTimersByTimeAsync(249);
    expect(show).toHaveBeenCalledTimes(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(show).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(show).toHaveBeenCalledTimes(4);
    await pump.stop();
  });

  it("counts its pace from the end of a showing: two never overlap", async ({ expect }) => {
    let running = 0;
    let most = 0;
    let shown = 0;
    const { pump } = createPump({
      async show() {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setTimeout(resolve, 2_500));
        running -= 1;
        shown += 1;
      },
    });
    await vi.advanceTimersByTimeAsync(3 * 3_500);
    expect({ most, shown }).toEqual({ most: 1, shown: 3 });
    await pump.stop();
  });

  it("shows nothing more once it is stopped", async ({ expect }) => {
    const { pump, show } = createPump();
    await pump.stop();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(show).toHaveBeenCalledTimes(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("waits at its stop for the showing in flight", async ({ expect }) => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const { pump } = createPump({ show: () => promise });
    await vi.advanceTimersByTimeAsync(250);
    let isStopped = false;
    const stopping = pump.stop().then(() => {
      isStopped = true;
    });
    await vi.advanceTimersByTimeAsync(4_999);
    expect(isStopped).toBe(false);
    resolve(undefined);
    await stopping;
    expect(vi.getTimerCount()).toBe(0);
  });

  it("waits five seconds for it and no longer", async ({ expect }) => {
    const { pump } = createPump({ show: () => new Promise<void>(() => undefined) });
    await vi.advanceTimersByTimeAsync(250);
    let isStopped = false;
    const stopping = pump.stop().then(() => {
      isStopped = true;
    });
    await vi.advanceTimersByTimeAsync(4_999);
    expect(isStopped).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await stopping;
    expect(isStopped).toBe(true);
  });

  it("rests after a failure as long as it is told, and goes on", async ({ expect }) => {
    const error = new Error("rate limit");
    const show = vi.fn(async () => undefined).mockRejectedValueOnce(error);
    const failed = vi.fn(() => 30_000);
    const { pump } = createPump({ show, failed });
    await vi.advanceTimersByTimeAsync(250);
    expect(failed).toHaveBeenCalledExactlyOnceWith(error);
    await vi.advanceTimersByTimeAsync(29_999);
    expect(show).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(show).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(show).toHaveBeenCalledTimes(3);
    await pump.stop();
  });

  it("ends after a failure that is told no rest", async ({ expect }) => {
    const { show, failed } = createPump({
      show: vi.fn(async () => {
        throw new Error("refused");
      }),
    });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(failed).toHaveBeenCalledTimes(1);
    expect(show).toHaveBeenCalledTimes(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
