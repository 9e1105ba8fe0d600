import fc from "fast-check";
import { describe, it } from "vitest";
import type { Priority } from "../../../src/core/ports.ts";
import {
  BACKGROUND_AGE_MS,
  FairLine,
  MAX_URGENT_RUN,
  MAX_WAITING,
  MAX_WAITING_PER_PERSON,
  URGENT_AGE_MS,
  type Waiter,
} from "../../../src/gate/fair-line.ts";

const SLOT_MS = 1_000;

function waiter(id: string, personId = id, overrides: Partial<Waiter> = {}): Waiter {
  return { id, personId, priority: "interactive", sinceMs: 0, goesOn: false, ...overrides };
}

function lineOf(...waiters: Waiter[]): FairLine {
  const line = new FairLine();
  for (const item of waiters) line.join(item);
  return line;
}

describe("who gets the next slot", () => {
  it("is urgent, then a person, then background work, whoever came first", ({ expect }) => {
    const line = lineOf(
      waiter("background", "a", { priority: "background" }),
      waiter("interactive", "b"),
      waiter("urgent", "c", { priority: "urgent" }),
    );
    expect(line.order(0, SLOT_MS)).toEqual(["urgent", "interactive", "background"]);
  });

  it("is another person's, where one asks for much", ({ expect }) => {
    const line = lineOf(waiter("a1", "a"), waiter("a2", "a"), waiter("a3", "a"), waiter("b1", "b"));
    expect(line.order(0, SLOT_MS)).toEqual(["a1", "b1", "a2", "a3"]);
  });

  it("is the one's who had less of the slots, also where that shows later", ({ expect }) => {
    const line = lineOf(waiter("a1", "a"), waiter("b1", "b"));
    line.take(0, SLOT_MS);
    line.take(0, SLOT_MS);
    line.correct("a", 5 * SLOT_MS);
    for (const id of ["a2", "b2", "b3"]) line.join(waiter(id, id.charAt(0)));
    expect(line.order(0, SLOT_MS)).toEqual(["b2", "b3", "a2"]);
  });

  it("goes on with what had a slot a moment ago", ({ expect }) => {
    const line = lineOf(waiter("a"), waiter("b"), waiter("c", "c", { goesOn: true }));
    expect(line.order(0, SLOT_MS)).toEqual(["c", "a", "b"]);
  });

  it("is background work's like a person's, once it has waited long", ({ expect }) => {
    const line = lineOf(
      waiter("old", "x", { priority: "background" }),
      waiter("young", "y", { priority: "background", sinceMs: 1 }),
      waiter("a", "a"),
    );
    expect(line.order(BACKGROUND_AGE_MS - 1, SLOT_MS)).toEqual(["a", "old", "young"]);
    expect(line.order(BACKGROUND_AGE_MS, SLOT_MS)).toEqual(["old", "a", "young"]);
  });

  it("is not urgent for ever: one that has waited long comes between", ({ expect }) => {
    const urgent = Array.from({ length: MAX_URGENT_RUN + 2 }, (_, index) =>
      waiter(`u${index}`, "u", { priority: "urgent" }),
    );
    const line = lineOf(waiter("a"), ...urgent);
    expect(line.order(URGENT_AGE_MS - 1, SLOT_MS).indexOf("a")).toBe(urgent.length);
    expect(line.order(URGENT_AGE_MS, SLOT_MS).indexOf("a")).toBe(MAX_URGENT_RUN);
  });

  it("passes over who is not there, and keeps his place", ({ expect }) => {
    const line = lineOf(waiter("a"), waiter("b"));
    expect(line.take(0, SLOT_MS, ({ id }) => id !== "a")?.id).toBe("b");
    expect(line.take(0, SLOT_MS)?.id).toBe("a");
    expect(line.take(0, SLOT_MS)).toBeUndefined();
  });
});

describe("the line is bounded", () => {
  it(`by ${MAX_WAITING_PER_PERSON} for each person, urgent calls apart`, ({ expect }) => {
    const line = new FairLine();
    for (let index = 0; index < MAX_WAITING_PER_PERSON; index += 1)
      expect(line.join(waiter(`a${index}`, "a"))).toBe(true);
    expect(line.join(waiter("one more", "a"))).toBe(false);
    expect(line.find("one more")).toBeUndefined();
    expect(line.join(waiter("urgent", "a", { priority: "urgent" }))).toBe(true);
    expect(line.join(waiter("b"))).toBe(true);
  });

  for (const priority of ["background", "interactive", "urgent"] satisfies Priority[])
    it(`by ${MAX_WAITING[priority]} for ${priority} calls`, ({ expect }) => {
      const line = new FairLine();
      for (let index = 0; index < MAX_WAITING[priority]; index += 1)
        expect(line.join(waiter(`${index}`, `${index}`, { priority }))).toBe(true);
      expect(line.join(waiter("one more", "one more", { priority }))).toBe(false);
      expect(line.size).toBe(MAX_WAITING[priority]);
    });
});

/** What a line must agree with: the calls that wait, in no order. */
class WatchedLine {
  readonly line = new FairLine();
  readonly waiting = new Set<string>();

  join(personId: string, priority: Priority, sinceMs: number): void {
    const id = `${sinceMs}`;
    if (this.line.join(waiter(id, personId, { priority, sinceMs }))) this.waiting.add(id);
  }

  /** True where the line knows of it what is known here. */
  leave(nth: number): boolean {
    const id = [...this.waiting][nth] ?? "nobody";
    return this.line.leave(id) === this.waiting.delete(id);
  }

  /** True where the next one is the one that was told to be, and waited. */
  take(nowMs: number, slotMs: number, trueMs: number): boolean {
    const [first] = this.line.order(nowMs, slotMs);
    const taken = this.line.take(nowMs, slotMs);
    if (taken) this.line.correct(taken.personId, trueMs - slotMs);
    return taken ? taken.id === first && this.waiting.delete(taken.id) : this.waiting.size === 0;
  }
}

describe("whatever comes and goes", () => {
  const priority = fc.constantFrom<Priority>("urgent", "interactive", "background");
  const person = fc.constantFrom("a", "b", "c", "d");
  type Step = (watched: WatchedLine, nowMs: number) => boolean;
  const join = fc.tuple(person, priority).map(
    ([personId, wanted]): Step =>
      (watched, nowMs) => {
        watched.join(personId, wanted, nowMs);
        return true;
      },
  );
  const leave = fc.nat(20).map(
    (nth): Step =>
      (watched) =>
        watched.leave(nth),
  );
  const take = fc.tuple(fc.nat(60_000), fc.nat(600_000)).map(
    ([slotMs, trueMs]): Step =>
      (watched, nowMs) =>
        watched.take(nowMs, slotMs, trueMs),
  );
  const step = fc.oneof(join, leave, take);

  it("each who waits gets one slot or leaves, and the order is told as it comes", ({ expect }) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const watched = new WatchedLine();
        for (const [index, work] of steps.entries()) {
          expect(work(watched, index * 1_000)).toBe(true);
          expect(new Set(watched.line.order(index * 1_000, SLOT_MS))).toEqual(watched.waiting);
        }
      }),
    );
  });

  it("nobody starves behind people who come anew for ever", ({ expect }) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 4 }), (lead, rate) => {
        const line = new FairLine();
        line.join(waiter("greedy"));
        line.take(0, lead * SLOT_MS);
        line.join(waiter("again", "greedy"));
        let served = 0;
        for (let round = 0; line.find("again"); round += 1) {
          for (let index = 0; index < rate; index += 1) line.join(waiter(`${round}.${index}`));
          line.take(0, SLOT_MS);
          served += 1;
          if (served > 2_000) break;
        }
        expect(line.find("again")).toBeUndefined();
      }),
    );
  });
});
