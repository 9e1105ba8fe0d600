/** Times that come again, on clocks that change. */
import fc from "fast-check";
import { describe, it } from "vitest";
import { nextOccurrence, type Repeat } from "../../../src/core/repeat.ts";
import { renderPlainTime, wallTimeAt } from "../../../src/core/time-zone.ts";

const DAILY = { weekdays: [0, 1, 2, 3, 4, 5, 6] };
const HOUR_MS = 3_600_000;

function times(repeat: Repeat, afterMs: number, zone: string, count: number): string[] {
  const found: string[] = [];
  for (let at = afterMs; found.length < count; found.push(renderPlainTime(at, zone)))
    at = nextOccurrence(repeat, at, zone);
  return found;
}

describe("nextOccurrence", () => {
  it("keeps to the clock on the wall where it is put forward and back", ({ expect }) => {
    const zone = "Europe/Berlin";
    const spring = { ...DAILY, hour: 2, minute: 30 };
    expect(times(spring, Date.UTC(2026, 2, 28), zone, 3)).toEqual([
      "2026-03-28 02:30",
      "2026-03-29 03:30",
      "2026-03-30 02:30",
    ]);
    const autumn = times({ ...DAILY, hour: 2, minute: 30 }, Date.UTC(2026, 9, 24), zone, 3);
    expect(autumn).toEqual(["2026-10-24 02:30", "2026-10-25 02:30", "2026-10-26 02:30"]);
  });

  it("takes the last day of a month that is shorter", ({ expect }) => {
    const repeat = { weekdays: [], monthDay: 31, hour: 9, minute: 0 };
    expect(times(repeat, Date.UTC(2027, 0, 1), "Asia/Shanghai", 3)).toEqual([
      "2027-01-31 09:00",
      "2027-02-28 09:00",
      "2027-03-31 09:00",
    ]);
  });

  it("is later, on a day that is meant, and within its week or month, in any zone", ({
    expect,
  }) => {
    const zones = fc.constantFrom(
      "UTC",
      "Asia/Shanghai",
      "America/New_York",
      "Australia/Lord_Howe",
    );
    const repeats = fc.record({
      weekdays: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1 }),
      hour: fc.integer({ min: 0, max: 23 }),
      minute: fc.integer({ min: 0, max: 59 }),
    });
    const from = fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2040, 0) });
    fc.assert(
      fc.property(repeats, from, zones, (repeat, afterMs, zone) => {
        const atMs = nextOccurrence(repeat, afterMs, zone);
        const { year, month, day } = wallTimeAt(atMs, zone);
        expect(atMs).toBeGreaterThan(afterMs);
        expect(atMs - afterMs).toBeLessThanOrEqual((7 * 24 + 2) * HOUR_MS);
        expect(repeat.weekdays).toContain(new Date(Date.UTC(year, month - 1, day)).getUTCDay());
      }),
    );
  });
});
