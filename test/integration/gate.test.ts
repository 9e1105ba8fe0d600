/** The gate of a model server: who holds a slot, who waits, and what a crash or a change of mind leaves behind. */
import { describe, it } from "vitest";
import {
  type GateCalls,
  LEASE_MS,
  MAX_HOLD_MS,
  type Ticket,
} from "../../src/core/gate-protocol.ts";
import { openGate } from "../../src/do/gate/gate-client.ts";
import { MAX_WAITING_PER_PERSON } from "../../src/gate/fair-line.ts";
import { env } from "../support/integration.ts";

const HOLD_MS = 40;

function ticket(id: string, overrides: Partial<Ticket> = {}): Ticket {
  return { id, personId: id, priority: "interactive", ...overrides };
}

function newGate(): GateCalls {
  return openGate(env, crypto.randomUUID());
}

describe("acquire", () => {
  it("answers at once where a slot is free, and again however often it is asked", async ({
    expect,
  }) => {
    const gate = newGate();
    expect(await gate.acquire(ticket("a"), 2, HOLD_MS)).toEqual({ status: "granted" });
    expect(await gate.acquire(ticket("a"), 2, HOLD_MS)).toEqual({ status: "granted" });
    expect(await gate.acquire(ticket("b"), 2, HOLD_MS)).toEqual({ status: "granted" });
    expect(await gate.state()).toEqual({ slots: 2, busy: 2, waiting: 0 });
  });

  it("tells the place after a while, and the slot as soon as there is one", async ({ expect }) => {
    const gate = newGate();
    await gate.acquire(ticket("a"), 1, HOLD_MS);
    expect(await gate.acquire(ticket("b"), 1, HOLD_MS)).toEqual({ status: "waiting", position: 1 });
    const waiting = gate.acquire(ticket("b"), 1, MAX_HOLD_MS);
    const startedAt = Date.now();
    await gate.release("a", 0);
    expect(await waiting).toEqual({ status: "granted" });
    expect(Date.now() - startedAt).toBeLessThan(MAX_HOLD_MS / 2);
  });

  it("refuses where the person has enough in line, and remembers nothing of it", async ({
    expect,
  }) => {
    const gate = newGate();
    await gate.acquire(ticket("holder"), 1, HOLD_MS);
    const waiting = Array.from({ length: MAX_WAITING_PER_PERSON }, (_, index) =>
      gate.acquire(ticket(`${index}`, { personId: "a" }), 1, 2_000),
    );
    expect(await gate.acquire(ticket("more", { personId: "a" }), 1, HOLD_MS)).toEqual({
      status: "full",
      retryAfterMs: 30_000,
    });
    expect(await gate.state()).toEqual({ slots: 1, busy: 1, waiting: MAX_WAITING_PER_PERSON });
    await Promise.all(waiting.map((_, index) => gate.release(`${index}`, 0)));
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => ({ status: "left" })));
    expect(await gate.state()).toEqual({ slots: 1, busy: 1, waiting: 0 });
  });
});

describe("a slot", () => {
  it("comes free by itself when its call was cut off", async ({ expect }) => {
    const gate = newGate();
    await gate.acquire(ticket("a"), 1, HOLD_MS);
    const startedAt = Date.now();
    await gate.release("a", 200);
    expect(await gate.state()).toEqual({ slots: 1, busy: 1, waiting: 0 });
    expect(await gate.acquire(ticket("b"), 1, MAX_HOLD_MS)).toEqual({ status: "granted" });
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(150);
  });

  it("comes free when its holder is not heard of any more; no call stays open for that", async ({
    expect,
  }) => {
    const gate = newGate();
    const startedAt = Date.now();
    await gate.acquire(ticket("crashed"), 1, HOLD_MS);
    let calls = 0;
    let acquired = await gate.acquire(ticket("b"), 1, 60_000);
    for (; acquired.status === "waiting"; calls += 1)
      acquired = await gate.acquire(ticket("b"), 1, 60_000);
    expect(acquired).toEqual({ status: "granted" });
    expect(calls).toBeGreaterThanOrEqual(Math.floor(LEASE_MS / MAX_HOLD_MS) - 1);
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(LEASE_MS - 100);
    expect(Date.now() - startedAt).toBeLessThan(LEASE_MS + MAX_HOLD_MS);
  });
});
