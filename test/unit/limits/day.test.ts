import { describe, it } from "vitest";
import { createDayClock, dayAt } from "../../../src/limits/day.ts";

const HOUR_MS = 3_600_000;

describe("dayAt", () => {
  it("goes from midnight to midnight of the zone, over the end of a month and a year", ({
    expect,
  }) => {
    const newYearsEve = Date.UTC(2026, 11, 31, 12);
    expect(dayAt(newYearsEve, "Asia/Shanghai")).toEqual({
      name: "2026-12-31",
      startsAtMs: Date.UTC(2026, 11, 30, 16),
      endsAtMs: Date.UTC(2026, 11, 31, 16),
    });
  });

  it("has 23 hours in spring and 25 in autumn where clocks are changed", ({ expect }) => {
    const hours = (atMs: number) => {
      const { startsAtMs, endsAtMs } = dayAt(atMs, "Europe/Berlin");
      return (endsAtMs - startsAtMs) / HOUR_MS;
    };
    expect(hours(Date.UTC(2026, 2, 29, 12))).toBe(23);
    expect(hours(Date.UTC(2026, 9, 25, 12))).toBe(25);
    expect(hours(Date.UTC(2026, 5, 1, 12))).toBe(24);
  });
});

describe("createDayClock", () => {
  it("is right on both sides of midnight, and after the clock was set back", ({ expect }) => {
    const clock = createDayClock("UTC");
    const midnight = Date.UTC(2026, 10, 22);
    expect(clock(midnight - 1).name).toBe("2026-11-21");
    expect(clock(midnight).name).toBe("2026-11-22");
    expect(clock(midnight - 1).name).toBe("2026-11-21");
  });
});
