import { describe, it } from "vitest";
import {
  decideRestart,
  HEALTHY_AFTER_MS,
  MAX_DELAY_MS,
  MAX_FAST_CRASHES,
} from "../../../../local-runtime/supervisor/restart-policy.ts";

/** Waits between crashes that each come after `uptimeMs`, until it is given up. */
function waits(uptimeMs: number, most = 50): number[] {
  const delays: number[] = [];
  let fastCrashes = 0;
  while (delays.length < most) {
    const next = decideRestart(fastCrashes, uptimeMs);
    if (next.kind === "give_up") return delays;
    fastCrashes = next.fastCrashes;
    delays.push(next.delayMs);
  }
  return delays;
}

describe("starting workerd again", () => {
  it("waits twice as long after each crash, up to ten seconds, and then gives up", ({ expect }) => {
    expect(waits(5)).toEqual([0, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
    expect(waits(5)).toHaveLength(MAX_FAST_CRASHES);
    expect(Math.max(...waits(5))).toBe(MAX_DELAY_MS);
  });

  it("happens at once, and for ever, where each run was long enough", ({ expect }) => {
    expect(new Set(waits(HEALTHY_AFTER_MS))).toEqual(new Set([0]));
    expect(waits(HEALTHY_AFTER_MS)).toHaveLength(50);
  });

  it("forgets earlier crashes after a long run, and not a moment before", ({ expect }) => {
    expect(decideRestart(9, HEALTHY_AFTER_MS)).toEqual({
      kind: "restart",
      delayMs: 0,
      fastCrashes: 1,
    });
    expect(decideRestart(9, HEALTHY_AFTER_MS - 1)).toMatchObject({ fastCrashes: 10 });
    expect(decideRestart(10, HEALTHY_AFTER_MS - 1)).toEqual({ kind: "give_up", fastCrashes: 11 });
  });
});
