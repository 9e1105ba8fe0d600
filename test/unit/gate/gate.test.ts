import { describe, it } from "vitest";
import { LEASE_MS, type Ticket } from "../../../src/core/gate-protocol.ts";
import { Gate, GOES_ON_MS, KEEP_PLACE_MS, PRESENT_MS } from "../../../src/gate/gate.ts";
import { MAX_BUSY_MS, MAX_LEASE_MS } from "../../../src/gate/leases.ts";

const ticket = (id: string, personId = id): Ticket => ({ id, personId, priority: "interactive" });
const nobody = () => false;
const everybody = () => true;
const ids = (grants: { ticket: Ticket }[]) => grants.map((grant) => grant.ticket.id);

function gateWith(...tickets: string[]): Gate {
  const gate = new Gate();
  for (const id of tickets) gate.ask(ticket(id), 0);
  return gate;
}

describe("a slot", () => {
  it("goes to as many as there are, the others wait", ({ expect }) => {
    const gate = gateWith("a", "b", "c");
    gate.setSlots(2);
    expect(ids(gate.grant(0, nobody))).toEqual(["a", "b"]);
    expect(gate.state()).toEqual({ slots: 2, busy: 2, waiting: 1 });
    expect(gate.ask(ticket("a"), 1)).toBe("granted");
    expect(gate.ask(ticket("c"), 1)).toBe("waiting");
    gate.release("a", 0, 10);
    expect(gate.grant(10, nobody)).toEqual([{ ticket: ticket("c"), waitedMs: 10 }]);
  });

  it("comes free when it is not renewed, as after a crash", ({ expect }) => {
    const gate = gateWith("a", "b");
    gate.grant(0, everybody);
    gate.renew(ticket("a"), LEASE_MS - 1);
    expect(gate.sweep(LEASE_MS, everybody)).toEqual([]);
    expect(gate.nextLookMs()).toBe(2 * LEASE_MS - 1);
    expect(gate.sweep(2 * LEASE_MS - 1, everybody)).toHaveLength(1);
    expect(ids(gate.grant(2 * LEASE_MS - 1, everybody))).toEqual(["b"]);
  });

  it("is not held for ever by one who renews it for ever", ({ expect }) => {
    const gate = gateWith("a");
    gate.grant(0, nobody);
    for (let nowMs = 0; nowMs <= MAX_LEASE_MS; nowMs += LEASE_MS / 2) {
      gate.sweep(nowMs, nobody);
      if (gate.holds("a")) gate.renew(ticket("a"), nowMs);
    }
    expect(gate.sweep(MAX_LEASE_MS, nobody).length + (gate.holds("a") ? 1 : 0)).toBeLessThan(2);
    expect(gate.holds("a")).toBe(false);
  });

  it("stays taken while the server works on what was cut off, within a bound", ({ expect }) => {
    const gate = gateWith("a", "b");
    gate.grant(0, nobody);
    gate.release("a", 10 * MAX_BUSY_MS, 100);
    expect(gate.grant(100, everybody)).toEqual([]);
    expect(gate.state()).toEqual({ slots: 1, busy: 1, waiting: 1 });
    gate.sweep(100 + MAX_BUSY_MS, everybody);
    expect(ids(gate.grant(100 + MAX_BUSY_MS, everybody))).toEqual(["b"]);
  });

  it("that the gate does not know of is taken on with its next renewal", ({ expect }) => {
    const gate = gateWith("b");
    gate.renew(ticket("a"), 0);
    expect(gate.grant(0, everybody)).toEqual([]);
    gate.release("a", 0, 50);
    expect(ids(gate.grant(50, everybody))).toEqual(["b"]);
  });

  it("is given back once, however often it is released", ({ expect }) => {
    const gate = gateWith("a", "b", "c");
    gate.grant(0, nobody);
    for (let times = 0; times < 3; times += 1) gate.release("a", 0, 1);
    expect(ids(gate.grant(1, nobody))).toEqual(["b"]);
    expect(gate.state()).toEqual({ slots: 1, busy: 1, waiting: 1 });
  });
});

describe("a place in line", () => {
  it("is passed over while nobody asks, kept for a minute, and lost then", ({ expect }) => {
    const gate = gateWith("holder", "a", "b");
    gate.grant(0, nobody);
    gate.release("holder", 0, PRESENT_MS + 1);
    gate.ask(ticket("b"), PRESENT_MS + 1);
    expect(ids(gate.grant(PRESENT_MS + 1, nobody))).toEqual(["b"]);
    gate.sweep(KEEP_PLACE_MS, nobody);
    expect(gate.state().waiting).toBe(1);
    gate.sweep(KEEP_PLACE_MS + 1, nobody);
    expect(gate.state().waiting).toBe(0);
  });

  it("is told with the time it takes, once a call was measured", ({ expect }) => {
    const gate = gateWith("a", "b", "c");
    gate.grant(0, nobody);
    expect(gate.place("c", 0)).toEqual({ position: 2 });
    gate.release("a", 0, 4_000);
    gate.grant(4_000, everybody);
    gate.ask(ticket("d"), 4_000);
    expect(gate.place("c", 5_000)).toEqual({ position: 1, etaMs: 3_000 });
    expect(gate.place("d", 5_000)).toEqual({ position: 2, etaMs: 7_000 });
  });

  it("changes with its priority, and with who leaves", ({ expect }) => {
    const gate = gateWith("holder", "a", "b");
    gate.grant(0, nobody);
    expect(gate.place("b", 0).position).toBe(2);
    gate.ask({ ...ticket("a"), priority: "background" }, 1_000);
    expect(gate.place("b", 1_000).position).toBe(1);
    gate.leave("b");
    expect(gate.place("a", 2_000).position).toBe(1);
  });

  it("is before others' for what had a slot a moment ago", ({ expect }) => {
    const gate = gateWith("turn", "a");
    gate.grant(0, nobody);
    gate.release("turn", 0, 1);
    gate.grant(1, everybody);
    gate.ask(ticket("b"), 2);
    gate.ask(ticket("turn"), 3);
    expect([gate.place("turn", 3).position, gate.place("b", 3).position]).toEqual([1, 2]);
    gate.leave("turn");
    gate.ask(ticket("turn"), GOES_ON_MS + 2);
    expect(gate.place("turn", GOES_ON_MS + 2).position).toBe(2);
  });
});
