import { afterEach, beforeEach, describe, it, vi } from "vitest";
import { type GateCalls, LEASE_MS, RENEW_MS } from "../../../src/core/gate-protocol.ts";
import type { Caller } from "../../../src/core/ports.ts";
import type { QueuePlace } from "../../../src/core/stream.ts";
import { GateDesk } from "../../../src/gate/gate-desk.ts";
import { MAX_LEASE_MS } from "../../../src/gate/leases.ts";
import { FIRST_HOLD_MS, HOLD_MS, MAX_WAIT_MS, Slot } from "../../../src/gate/slot.ts";

const { signal } = new AbortController();

let desk: GateDesk;

beforeEach(() => {
  vi.useFakeTimers();
  desk = new GateDesk(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
});

function slotOf(id: string, gate: GateCalls = desk): Slot {
  const caller: Caller = { id, personId: id, priority: "interactive" };
  return new Slot(gate, 1, caller);
}

describe("a desk that is near", () => {
  const ticket = (id: string) => ({ id, personId: id, priority: "interactive" }) as const;
  const free = { slots: 2, busy: 0, waiting: 0 };

  it("grants what is free while nobody waits, and takes it back", async ({ expect }) => {
    expect(desk.acquireAtOnce(ticket("a"), 2)).toEqual({ status: "granted" });
    expect(desk.acquireAtOnce(ticket("a"), 2)).toEqual({ status: "granted" });
    expect(desk.acquireAtOnce(ticket("b"), 2)).toEqual({ status: "granted" });
    expect(await desk.state()).toEqual({ ...free, busy: 2 });
    expect(desk.releaseAtOnce("a", 0)).toBe(true);
    expect(desk.releaseAtOnce("b", 0)).toBe(true);
    expect(await desk.state()).toEqual(free);
  });

  it("leaves to the object what must wait, and what somebody waits for", async ({ expect }) => {
    desk.acquireAtOnce(ticket("a"), 1);
    expect(desk.acquireAtOnce(ticket("b"), 1)).toBeUndefined();
    expect(await desk.state()).toEqual({ ...free, slots: 1, busy: 1 });
    const waiting = desk.acquire(ticket("b"), 1, 1_000);
    expect(desk.acquireAtOnce(ticket("c"), 2)).toBeUndefined();
    expect(desk.releaseAtOnce("a", 0)).toBe(false);
    expect(await desk.state()).toEqual({ slots: 1, busy: 1, waiting: 1 });
    await desk.release("a", 0);
    expect(await waiting).toEqual({ status: "granted" });
  });

  it("leaves a slot to the object that a crashed holder still has, who takes it away", async ({
    expect,
  }) => {
    desk.acquireAtOnce(ticket("crashed"), 1);
    await vi.advanceTimersByTimeAsync(LEASE_MS);
    expect(desk.acquireAtOnce(ticket("b"), 1)).toBeUndefined();
    expect(await desk.acquire(ticket("b"), 1, 1_000)).toEqual({ status: "granted" });
  });
});

/** What became of a wait: the places that were told, and how it ended. */
function waitFor(slot: Slot, given: AbortSignal = signal) {
  const told: QueuePlace[] = [];
  const wait = { told, ended: "" };
  const run = async () => {
    for await (const place of slot.wait(given)) told.push(place);
    return "over";
  };
  run().then(
    (end) => {
      wait.ended = end;
    },
    (error: unknown) => {
      wait.ended = String(error);
    },
  );
  return wait;
}

/** A slot that is held and renewed. */
async function hold(id: string): Promise<Slot> {
  const slot = slotOf(id);
  waitFor(slot);
  await vi.advanceTimersByTimeAsync(0);
  slot.keep(() => true);
  return slot;
}

describe("a wait for a slot", () => {
  it("is told of after a moment, then every few seconds, and ends by itself", async ({
    expect,
  }) => {
    await hold("holder");
    const wait = waitFor(slotOf("a"));
    await vi.advanceTimersByTimeAsync(FIRST_HOLD_MS - 1);
    expect(wait.told).toEqual([]);
    await vi.advanceTimersByTimeAsync(1 + 2 * HOLD_MS);
    expect(wait.told).toEqual([{ position: 1 }, { position: 1 }, { position: 1 }]);
    await vi.advanceTimersByTimeAsync(MAX_WAIT_MS);
    expect(wait.ended).toBe("AppError: No slot of the model server came free in time.");
  });

  it("that took too long is no failure of the server", async ({ expect }) => {
    await hold("holder");
    const wait = slotOf("a").wait(signal);
    const ended = (async () => {
      for await (const _place of wait);
    })();
    const failure = expect(ended).rejects.toMatchObject({
      code: "model/queue_full",
      message: "No slot of the model server came free in time.",
    });
    await vi.advanceTimersByTimeAsync(MAX_WAIT_MS + HOLD_MS);
    await failure;
  });

  it("that took too long finds its place again within the minute", async ({ expect }) => {
    const holder = await hold("holder");
    const first = slotOf("first");
    const long = waitFor(first);
    await vi.advanceTimersByTimeAsync(1_000);
    const second = waitFor(slotOf("second"));
    await vi.advanceTimersByTimeAsync(MAX_WAIT_MS);
    expect(long.ended).toContain("AppError");
    await first.leave(0);
    await vi.advanceTimersByTimeAsync(30_000 - FIRST_HOLD_MS);
    const back = waitFor(slotOf("first"));
    await vi.advanceTimersByTimeAsync(FIRST_HOLD_MS);
    expect(back.told).toEqual([{ position: 1 }]);
    await holder.leave(0);
    await vi.advanceTimersByTimeAsync(0);
    expect(back.ended).toBe("over");
    expect(second.ended).not.toBe("over");
  });

  it("ends when it is aborted, and is out of the line once it has left", async ({ expect }) => {
    await hold("holder");
    const controller = new AbortController();
    const slot = slotOf("a");
    const wait = waitFor(slot, controller.signal);
    await vi.advanceTimersByTimeAsync(0);
    expect(await desk.state()).toMatchObject({ waiting: 1 });
    controller.abort();
    await vi.advanceTimersByTimeAsync(0);
    expect(wait.ended).toBe("over");
    await slot.leave(0);
    expect(await desk.state()).toMatchObject({ busy: 1, waiting: 0 });
  });
});

describe("a slot that is held", () => {
  it("is kept as long as it is in use, and lost soon after", async ({ expect }) => {
    let isInUse = true;
    const slot = slotOf("a");
    waitFor(slot);
    await vi.advanceTimersByTimeAsync(0);
    slot.keep(() => isInUse);
    await vi.advanceTimersByTimeAsync(10 * LEASE_MS);
    expect(await desk.state()).toMatchObject({ busy: 1 });
    isInUse = false;
    await vi.advanceTimersByTimeAsync(LEASE_MS + RENEW_MS);
    expect(await desk.state()).toMatchObject({ busy: 0 });
    isInUse = true;
    await vi.advanceTimersByTimeAsync(RENEW_MS);
    expect(await desk.state()).toMatchObject({ busy: 1 });
    await slot.leave(0);
    expect(await desk.state()).toMatchObject({ busy: 0 });
  });
});

describe("a slot that is in use for ever", () => {
  it("is taken back after the longest time that a call may take", async ({ expect }) => {
    await hold("a");
    await vi.advanceTimersByTimeAsync(MAX_LEASE_MS - RENEW_MS);
    expect(await desk.state()).toMatchObject({ busy: 1 });
    await vi.advanceTimersByTimeAsync(2 * LEASE_MS);
    expect(await desk.state()).toMatchObject({ busy: 0 });
    await vi.advanceTimersByTimeAsync(MAX_LEASE_MS);
    expect(await desk.state()).toMatchObject({ busy: 0 });
  });
});

describe("a gate that fails", () => {
  /** The desk behind calls of which the first `failures` throw. */
  function failingGate(failures: number): GateCalls {
    let left = failures;
    return {
      acquire: async (...given) => {
        left -= 1;
        if (left >= 0) throw new Error("broken");
        return desk.acquire(...given);
      },
      renew: (ticket) => desk.renew(ticket),
      release: (id, busyMs) => desk.release(id, busyMs),
      state: () => desk.state(),
    };
  }

  it("once is asked again", async ({ expect }) => {
    const wait = waitFor(slotOf("a", failingGate(1)));
    await vi.advanceTimersByTimeAsync(0);
    expect(wait.ended).toBe("over");
  });

  it("twice is busy: the message is kept and tried again", async ({ expect }) => {
    const slot = slotOf("a", failingGate(2));
    await expect(slot.wait(signal).next()).rejects.toMatchObject({
      code: "model/busy",
      message: "The gate of the model server failed.",
    });
  });
});
