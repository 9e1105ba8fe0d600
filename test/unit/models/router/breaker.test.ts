import { describe, it } from "vitest";
import { AppError, type ErrorCode } from "../../../../src/core/errors.ts";
import {
  Breaker,
  COOL_DOWN_MS,
  COSTLY_MS,
  FAILURES,
  MAX_COOL_DOWN_MS,
  WINDOW_MS,
} from "../../../../src/models/router/breaker.ts";

function createBreaker() {
  const clock = { nowMs: 1_000_000 };
  const breaker = new Breaker(() => clock.nowMs);
  const fail = (code: ErrorCode = "model/unavailable", retryAfterMs = 0, waitedMs = 0) =>
    breaker.failed(new AppError(code, { retryAfterMs }), waitedMs);
  return { clock, breaker, fail };
}

describe("Breaker", () => {
  it("opens at the third failure within its window, and not before", ({ expect }) => {
    const { clock, breaker, fail } = createBreaker();
    for (let count = 1; count < FAILURES; count += 1) expect(fail()).toBeUndefined();
    clock.nowMs += WINDOW_MS;
    for (let count = 1; count < FAILURES; count += 1) expect(fail()).toBeUndefined();
    expect(breaker.admit()).toBe("closed");
    expect(fail()).toBe(COOL_DOWN_MS);
    expect(breaker.admit()).toBe("open");
    expect(breaker.failure()).toMatchObject({
      code: "model/unavailable",
      retryAfterMs: COOL_DOWN_MS,
    });
  });

  it("opens at once where the server hangs, or somebody waited long for nothing", ({ expect }) => {
    expect(createBreaker().fail("model/timeout")).toBe(COOL_DOWN_MS);
    expect(createBreaker().fail("model/unavailable", 0, COSTLY_MS)).toBe(COOL_DOWN_MS);
    expect(createBreaker().fail("model/unavailable", 0, COSTLY_MS - 1)).toBeUndefined();
  });

  it("does not count what is the model's or the request's fault", ({ expect }) => {
    const { breaker, fail } = createBreaker();
    for (const code of ["model/missing", "model/rejected", "model/out_of_memory"] as const)
      for (let count = 0; count < FAILURES; count += 1) expect(fail(code)).toBeUndefined();
    expect(breaker.admit()).toBe("closed");
  });

  it("waits as long as a busy server asks, up to its limit", ({ expect }) => {
    const { fail } = createBreaker();
    for (let count = 1; count < FAILURES; count += 1) fail("model/busy");
    expect(fail("model/busy", 60_000)).toBe(60_000);
    const { fail: failLong } = createBreaker();
    for (let count = 1; count < FAILURES; count += 1) failLong("model/busy");
    expect(failLong("model/busy", 600_000)).toBe(MAX_COOL_DOWN_MS);
  });

  it("admits one probe, and the next one only when the first is settled", ({ expect }) => {
    const { clock, breaker, fail } = createBreaker();
    fail("model/timeout");
    clock.nowMs += COOL_DOWN_MS;
    expect(breaker.isCooling).toBe(false);
    expect(breaker.admit()).toBe("probe");
    expect(breaker.admit()).toBe("open");
    expect(breaker.isCooling).toBe(true);
    breaker.released();
    expect(breaker.admit()).toBe("probe");
    expect(breaker.succeeded()).toBe(true);
    expect(breaker.admit()).toBe("closed");
    expect(breaker.succeeded()).toBe(false);
  });

  it("doubles the wait with each failed probe, up to its limit", ({ expect }) => {
    const { clock, breaker, fail } = createBreaker();
    const waits = [fail("model/timeout")];
    for (let probes = 0; probes < 7; probes += 1) {
      clock.nowMs += waits.at(-1) ?? 0;
      expect(breaker.admit()).toBe("probe");
      waits.push(fail());
    }
    expect(waits.slice(0, 4)).toEqual([10_000, 20_000, 40_000, 80_000]);
    expect(waits.at(-1)).toBe(MAX_COOL_DOWN_MS);
  });

  it("takes a server back whose probe failed for a reason of its own", ({ expect }) => {
    const { clock, breaker, fail } = createBreaker();
    fail("model/timeout");
    clock.nowMs += COOL_DOWN_MS;
    breaker.admit();
    fail("model/missing");
    expect(breaker.admit()).toBe("closed");
  });

  it("is not made to wait longer by calls that were under way", ({ expect }) => {
    const { breaker, fail } = createBreaker();
    fail("model/timeout");
    expect(fail("model/timeout")).toBeUndefined();
    expect(breaker.failure().retryAfterMs).toBe(COOL_DOWN_MS);
  });
});
