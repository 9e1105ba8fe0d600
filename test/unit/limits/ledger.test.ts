import fc from "fast-check";
import { describe, it } from "vitest";
import type { PersonId } from "../../../src/core/ids.ts";
import { DEFAULT_QUOTAS, type Quotas } from "../../../src/core/quotas.ts";
import { createDayClock } from "../../../src/limits/day.ts";
import { Ledger, MAX_COUNTED_PEOPLE, MINUTE_MS, type Told } from "../../../src/limits/ledger.ts";

const ADA = "ada" as PersonId;
const NOON = Date.UTC(2026, 10, 21, 12);
const MIDNIGHT = Date.UTC(2026, 10, 22);
const HOUR_MS = 3_600_000;

const NONE = DEFAULT_QUOTAS.owner;

function createLedger(): Ledger {
  return new Ledger(createDayClock("UTC"));
}

function limits(given: Partial<Quotas>): Quotas {
  return { ...NONE, ...given };
}

describe("messages a minute", () => {
  it("are those of the last sixty seconds, and it goes on when the oldest has passed", ({
    expect,
  }) => {
    const ledger = createLedger();
    const quotas = limits({ messages_minute: 3 });
    const at = (ms: number) => ledger.reserveMessage(ADA, quotas, NOON + ms);
    for (const ms of [0, 10_000, 20_000]) expect(at(ms)).toEqual({ status: "free" });
    const over = { status: "over", quota: "messages_minute", limit: 3, untilMs: NOON + MINUTE_MS };
    expect(at(30_000)).toEqual(over);
    expect(at(59_999)).toEqual(over);
    expect(at(60_000)).toEqual({ status: "free" });
    expect(at(60_001)).toEqual({ ...over, untilMs: NOON + 10_000 + MINUTE_MS });
  });

  it("are never more than the limit in any sixty seconds, however they come", ({ expect }) => {
    const gaps = fc.array(fc.integer({ min: 0, max: 40_000 }), { maxLength: 60 });
    fc.assert(
      fc.property(gaps, fc.integer({ min: 0, max: 6 }), (waits, limit) => {
        const ledger = createLedger();
        const taken: number[] = [];
        let nowMs = NOON;
        for (const waitMs of waits) {
          nowMs += waitMs;
          const verdict = ledger.reserveMessage(ADA, limits({ messages_minute: limit }), nowMs);
          const recent = taken.filter((atMs) => atMs > nowMs - MINUTE_MS).length;
          expect(verdict.status).toBe(recent < limit ? "free" : "over");
          if (verdict.status === "free") taken.push(nowMs);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("are not lost where a clock was set back", ({ expect }) => {
    const ledger = createLedger();
    const quotas = limits({ messages_minute: 1 });
    ledger.reserveMessage(ADA, quotas, NOON);
    expect(ledger.reserveMessage(ADA, quotas, NOON - HOUR_MS).status).toBe("free");
    expect(ledger.reserveMessage(ADA, quotas, NOON - HOUR_MS).status).toBe("over");
  });
});

describe("limits of a day", () => {
  it("end at midnight of the box", ({ expect }) => {
    const ledger = createLedger();
    const quotas = limits({ messages_day: 2 });
    const at = (ms: number) => ledger.reserveMessage(ADA, quotas, ms);
    at(NOON);
    at(NOON);
    const over = { status: "over", quota: "messages_day", limit: 2, untilMs: MIDNIGHT };
    expect(at(NOON)).toEqual(over);
    expect(at(MIDNIGHT - 1)).toEqual(over);
    expect(at(MIDNIGHT)).toEqual({ status: "free" });
  });

  it("count tokens after they were spent, and files before they are kept", ({ expect }) => {
    const ledger = createLedger();
    const quotas = limits({ tokens_day: 100, files_day: 2, file_bytes_day: 1_000 });
    ledger.spend(ADA, { tokens: 99 }, NOON);
    expect(ledger.reserveMessage(ADA, quotas, NOON).status).toBe("free");
    ledger.spend(ADA, { tokens: 50 }, NOON);
    expect(ledger.reserveMessage(ADA, quotas, NOON)).toMatchObject({ quota: "tokens_day" });
    expect(ledger.check(ADA, quotas, { files: 1, fileBytes: 1_000 }, NOON).status).toBe("free");
    expect(ledger.check(ADA, quotas, { files: 1, fileBytes: 1_001 }, NOON)).toMatchObject({
      quota: "file_bytes_day",
      limit: 1_000,
    });
    ledger.spend(ADA, { files: 2, fileBytes: 10 }, NOON);
    expect(ledger.check(ADA, quotas, { files: 1, fileBytes: 1 }, NOON)).toMatchObject({
      quota: "files_day",
    });
  });

  it("give back what nothing came of", ({ expect }) => {
    const ledger = createLedger();
    const quotas = limits({ messages_day: 1, messages_minute: 1 });
    for (let round = 0; round < 5; round += 1) {
      expect(ledger.reserveMessage(ADA, quotas, NOON).status).toBe("free");
      ledger.releaseMessage(ADA, NOON);
    }
    ledger.reserveMessage(ADA, quotas, NOON);
    expect(ledger.reserveMessage(ADA, quotas, NOON).status).toBe("over");
  });

  it("are each person's own", ({ expect }) => {
    const ledger = createLedger();
    const quotas = limits({ messages_day: 1 });
    ledger.reserveMessage(ADA, quotas, NOON);
    expect(ledger.reserveMessage("eve" as PersonId, quotas, NOON).status).toBe("free");
  });
});

describe("telling", () => {
  const day = (untilMs = MIDNIGHT): Told => ({ what: "messages_day", limit: 5, untilMs });

  it("happens once until it goes on, and once a minute at most", ({ expect }) => {
    const ledger = createLedger();
    expect(ledger.takeTelling(ADA, day(NOON + 5_000), NOON)).toBe(true);
    expect(ledger.takeTelling(ADA, day(NOON + 5_000), NOON + 1_000)).toBe(false);
    expect(ledger.takeTelling(ADA, day(NOON + 9_000), NOON + 6_000)).toBe(false);
    expect(ledger.takeTelling(ADA, day(), NOON + MINUTE_MS)).toBe(true);
    expect(ledger.takeTelling(ADA, day(), MIDNIGHT - 1)).toBe(false);
  });

  it("of one limit does not keep another, or a changed one, from being told", ({ expect }) => {
    const ledger = createLedger();
    ledger.takeTelling(ADA, { ...day(), what: "conversations_day" }, NOON);
    expect(ledger.takeTelling(ADA, day(), NOON)).toBe(true);
    expect(ledger.takeTelling(ADA, { ...day(), limit: 10 }, NOON + 1)).toBe(true);
    expect(ledger.takeTelling(ADA, { ...day(), limit: 10 }, NOON + 2)).toBe(false);
    expect(ledger.takeTelling(ADA, { ...day(), what: "conversations_day" }, NOON)).toBe(false);
  });

  it("happens again where it did not reach the person", ({ expect }) => {
    const ledger = createLedger();
    ledger.takeTelling(ADA, day(), NOON);
    ledger.giveTellingBack(ADA, "messages_day", NOON);
    expect(ledger.takeTelling(ADA, day(), NOON)).toBe(true);
  });
});

describe("what is kept over a restart", () => {
  it("is each person's day, taken when it has changed, and loaded into what was counted since", ({
    expect,
  }) => {
    const ledger = createLedger();
    ledger.reserveMessage(ADA, NONE, NOON);
    ledger.spend(ADA, { tokens: 7 }, NOON);
    const rows = ledger.takeChanges(10);
    expect(rows).toEqual([
      {
        personId: ADA,
        day: "2026-11-21",
        messages: 1,
        tokens: 7,
        files: 0,
        fileBytes: 0,
        conversations: 0,
      },
    ]);
    expect(ledger.hasChanges).toBe(false);
    ledger.putBack(rows);
    expect(ledger.takeChanges(10)).toEqual(rows);

    const next = createLedger();
    next.spend(ADA, { tokens: 1 }, NOON);
    next.load(rows, NOON);
    expect(next.takeChanges(10)).toMatchObject([{ messages: 1, tokens: 8 }]);
    const tomorrow = createLedger();
    tomorrow.load(rows, MIDNIGHT);
    tomorrow.spend(ADA, {}, MIDNIGHT);
    expect(tomorrow.takeChanges(10)).toMatchObject([{ day: "2026-11-22", messages: 0 }]);
  });

  it("comes in batches of a stated size", ({ expect }) => {
    const ledger = createLedger();
    for (let index = 0; index < 5; index += 1) ledger.spend(`p${index}` as PersonId, {}, NOON);
    expect(ledger.takeChanges(3)).toHaveLength(3);
    expect(ledger.takeChanges(3)).toHaveLength(2);
  });

  it(`is bounded: ${MAX_COUNTED_PEOPLE} people, and whoever was counted first goes`, ({
    expect,
  }) => {
    const ledger = createLedger();
    const quotas = limits({ messages_day: 1 });
    for (let index = 0; index <= MAX_COUNTED_PEOPLE; index += 1)
      ledger.reserveMessage(`p${index}` as PersonId, quotas, NOON);
    expect(ledger.reserveMessage("p1" as PersonId, quotas, NOON).status).toBe("over");
    expect(ledger.reserveMessage("p0" as PersonId, quotas, NOON).status).toBe("free");
  });
});
