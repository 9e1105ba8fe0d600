import fc from "fast-check";
import { describe, it } from "vitest";
import { ERRORS, type ErrorCode } from "../../../src/core/errors.ts";
import { en } from "../../../src/phrases/en.ts";
import {
  decidePostpone,
  failedPhrase,
  KEEP_MS,
  waitingPhrase,
} from "../../../src/turn/postpone.ts";

const NOW_MS = 1_000_000_000;

function waitOf(attempts: number, retryAfterMs?: number): number | undefined {
  const decided = decidePostpone(NOW_MS, attempts, NOW_MS, retryAfterMs);
  return decided.status === "wait" ? decided.nextAtMs - NOW_MS : undefined;
}

describe("decidePostpone", () => {
  it("waits twice as long each time, and half a minute at most", ({ expect }) => {
    expect([1, 2, 3, 4, 5, 6, 1_000].map((attempts) => waitOf(attempts))).toEqual([
      2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
    ]);
  });

  it("waits as long as the server asks, within the same limit", ({ expect }) => {
    expect(waitOf(1, 10_000)).toBe(10_000);
    expect(waitOf(1, 500)).toBe(2_000);
    expect(waitOf(1, 3_600_000)).toBe(30_000);
  });

  it("gives up after a day, to the millisecond", ({ expect }) => {
    expect(decidePostpone(NOW_MS, 3_000, NOW_MS + KEEP_MS - 1, undefined).status).toBe("wait");
    expect(decidePostpone(NOW_MS, 1, NOW_MS + KEEP_MS, undefined)).toEqual({ status: "give_up" });
  });

  it("never waits for the past, and never longer than half a minute", ({ expect }) => {
    const attempts = fc.integer({ min: 1, max: 1_000_000 });
    fc.assert(
      fc.property(attempts, fc.option(fc.nat(), { nil: undefined }), (tries, asked) => {
        expect(waitOf(tries, asked)).toBeGreaterThanOrEqual(2_000);
        expect(waitOf(tries, asked)).toBeLessThanOrEqual(30_000);
      }),
    );
  });
});

describe("the sentences about a failure", () => {
  const codes = Object.keys(ERRORS) as ErrorCode[];

  it("exist for every code", ({ expect }) => {
    for (const code of codes) {
      expect(en).toHaveProperty(waitingPhrase(code));
      expect(en).toHaveProperty(failedPhrase(code));
    }
  });

  it("say what is the matter where that is known", ({ expect }) => {
    expect(waitingPhrase("model/busy")).toBe("waitingBusy");
    expect(waitingPhrase("model/out_of_memory")).toBe("waitingMemory");
    expect(waitingPhrase("model/missing")).toBe("waitingMissing");
    expect(waitingPhrase("model/unavailable")).toBe("waitingModel");
    expect(failedPhrase("model/timeout")).toBe("failedTimeout");
    expect(failedPhrase("model/rejected")).toBe("failedRejected");
    expect(failedPhrase("model/remote_refused")).toBe("failedRemote");
    expect(failedPhrase("model/broken_stream")).toBe("failedBroken");
    expect(failedPhrase("http/internal")).toBe("failedInternal");
    expect(failedPhrase("crypto/cannot_open")).toBe("failedInternal");
  });
});
