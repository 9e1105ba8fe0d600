import { describe, it } from "vitest";
import { decideWarmUp, LIVE_MS, USED_MS } from "../../../../src/models/router/warm-up.ts";

const nowMs = 10 * USED_MS;

function decide(
  when: "used" | "always" | "never",
  isStart: boolean,
  lastTurnMs: number | undefined,
): boolean {
  const lastTurnAtMs = lastTurnMs === undefined ? undefined : nowMs - lastTurnMs;
  return decideWarmUp({ when, isStart, lastTurnAtMs, nowMs });
}

describe("decideWarmUp", () => {
  it("leaves a box alone that nobody uses", ({ expect }) => {
    expect(decide("used", true, undefined)).toBe(false);
    expect(decide("used", true, USED_MS)).toBe(false);
    expect(decide("used", false, LIVE_MS)).toBe(false);
  });

  it("warms a used box at its start, and holds the model while a conversation is live", ({
    expect,
  }) => {
    expect(decide("used", true, USED_MS - 1)).toBe(true);
    expect(decide("used", false, LIVE_MS - 1)).toBe(true);
  });

  it("does as the owner says", ({ expect }) => {
    for (const isStart of [true, false]) {
      expect(decide("always", isStart, undefined)).toBe(true);
      expect(decide("never", isStart, 1)).toBe(false);
    }
  });
});
