import fc from "fast-check";
import { describe, it } from "vitest";
import { isDue, RETRY_MS } from "../../../../local-runtime/host-work/daily-schedule.ts";

const at = "03:30";
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const berlin = (text: string) => Date.parse(text);

function due(doneAt: string | undefined, now: string, zone = "Europe/Berlin"): boolean {
  const doneAtMs = doneAt === undefined ? undefined : berlin(doneAt);
  return isDue({ doneAtMs, triedAtMs: doneAtMs }, { at, zone, nowMs: berlin(now) });
}

describe("the daily work", () => {
  it("is due once after its time of the day, in the box's own zone", ({ expect }) => {
    expect(due(undefined, "2026-03-01T12:00:00+01:00")).toBe(true);
    expect(due("2026-03-01T12:00:00+01:00", "2026-03-01T23:00:00+01:00")).toBe(false);
    expect(due("2026-03-01T12:00:00+01:00", "2026-03-02T03:29:00+01:00")).toBe(false);
    expect(due("2026-03-01T12:00:00+01:00", "2026-03-02T03:30:00+01:00")).toBe(true);
    expect(due("2026-03-02T03:30:00+01:00", "2026-03-02T04:40:00+01:00")).toBe(false);
    expect(due("2026-03-02T03:30:00+01:00", "2026-03-02T23:00:00Z", "Asia/Shanghai")).toBe(true);
  });

  it("is made up for where the box was off", ({ expect }) => {
    expect(due("2026-03-01T03:30:00+01:00", "2026-03-03T20:00:00+01:00")).toBe(true);
  });

  it("is never due where it is switched off", ({ expect }) => {
    const never = { at: "off", zone: "UTC", nowMs: DAY_MS };
    expect(isDue({ doneAtMs: undefined, triedAtMs: undefined }, never)).toBe(false);
  });

  it("waits an hour after a failure", ({ expect }) => {
    const triedAtMs = 10 * DAY_MS;
    const state = { doneAtMs: undefined, triedAtMs };
    const when = (nowMs: number) => ({ at, zone: "UTC", nowMs });
    expect(isDue(state, when(triedAtMs + RETRY_MS - 1))).toBe(false);
    expect(isDue(state, when(triedAtMs + RETRY_MS))).toBe(true);
  });

  it("is done where a clock that was ahead was set back", ({ expect }) => {
    const ahead = { doneAtMs: 400 * DAY_MS, triedAtMs: 400 * DAY_MS };
    expect(isDue(ahead, { at, zone: "UTC", nowMs: 30 * DAY_MS })).toBe(true);
  });

  it("comes once a day and no more, through changes of the clocks", ({ expect }) => {
    fc.assert(
      fc.property(
        fc.constantFrom("Europe/Berlin", "Asia/Shanghai", "America/New_York", "Pacific/Apia"),
        fc.integer({ min: 0, max: 700 }),
        fc.integer({ min: 5, max: 90 }),
        (zone, startDay, stepMinutes) => {
          let doneAtMs = Date.UTC(2026, 0, 1) + startDay * DAY_MS;
          const begunMs = doneAtMs;
          let runs = 0;
          for (let nowMs = begunMs; nowMs < begunMs + 10 * DAY_MS; nowMs += stepMinutes * 60_000) {
            if (!isDue({ doneAtMs, triedAtMs: doneAtMs }, { at, zone, nowMs })) continue;
            expect(runs === 0 || nowMs - doneAtMs > 21 * HOUR_MS).toBe(true);
            doneAtMs = nowMs;
            runs += 1;
          }
          expect(runs).toBeGreaterThanOrEqual(9);
          expect(runs).toBeLessThanOrEqual(11);
        },
      ),
      { numRuns: 20 },
    );
  });
});
