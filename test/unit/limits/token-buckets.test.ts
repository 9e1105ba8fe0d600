import fc from "fast-check";
import { describe, it } from "vitest";
import { MAX_LINK_CODES } from "../../../src/core/link-codes.ts";
import { addressKey, MAX_BUCKETS, RATES, takeRate } from "../../../src/limits/rates.ts";
import { TokenBuckets } from "../../../src/limits/token-buckets.ts";
import { CODE_BITS } from "../../../src/security/codes.ts";

const rate = { burst: 3, perSecond: 2 };
const YEAR_SECONDS = 365 * 24 * 3_600;

describe("a token bucket", () => {
  it("takes a burst, then goes at its rate, and says how long to wait", ({ expect }) => {
    const buckets = new TokenBuckets(10);
    const waits = [0, 0, 0, 0].map(() => buckets.take("a", rate, 1_000));
    expect(waits).toEqual([0, 0, 0, 500]);
    expect(buckets.take("a", rate, 1_250)).toBe(250);
    expect(buckets.take("a", rate, 1_500)).toBe(0);
    expect(buckets.take("b", rate, 1_500)).toBe(0);
  });

  it("never lets more pass than burst and rate allow, whatever the clock does", ({ expect }) => {
    const steps = fc.array(fc.integer({ min: -5_000, max: 5_000 }), { maxLength: 200 });
    fc.assert(
      fc.property(steps, (moves) => {
        const buckets = new TokenBuckets(1);
        let nowMs = 0;
        let passedMs = 0;
        let taken = 0;
        for (const moveMs of moves) {
          nowMs += moveMs;
          passedMs += Math.max(0, moveMs);
          if (buckets.take("a", rate, nowMs) === 0) taken += 1;
          expect(taken).toBeLessThanOrEqual(rate.burst + (passedMs / 1_000) * rate.perSecond);
        }
      }),
    );
  });

  it("is one of a stated number: whoever has not called for longest goes", ({ expect }) => {
    const buckets = new TokenBuckets(2);
    const drain = (key: string) => {
      while (buckets.take(key, rate, 0) === 0);
    };
    drain("a");
    drain("b");
    buckets.take("a", rate, 0);
    drain("c");
    expect(buckets.size).toBe(2);
    expect(buckets.take("a", rate, 0)).toBeGreaterThan(0);
    expect(buckets.take("b", rate, 0)).toBe(0);
  });

  it("of this box are a bounded number, however many call", ({ expect }) => {
    const key = "0".repeat(20);
    while (takeRate("address", key, 0) === 0);
    for (let index = 0; index < MAX_BUCKETS; index += 1) takeRate("address", `x${index}`, 0);
    expect(takeRate("address", key, 0)).toBe(0);
  });
});

describe("the key of an address", () => {
  it("is one for a whole IPv6 network, and for each IPv4 address", ({ expect }) => {
    expect(addressKey("2001:db8:1:2::1")).toBe(addressKey("2001:db8:1:2:ffff::9"));
    expect(addressKey("2001:db8:1:2::1")).not.toBe(addressKey("2001:db8:1:3::1"));
    expect(addressKey("192.0.2.7")).not.toBe(addressKey("192.0.2.8"));
  });
});

describe("guessing a /link code", () => {
  it("does not succeed with 10^9 tries a year", ({ expect }) => {
    const { burst, perSecond } = RATES.link_box;
    const lookedAt = Math.min(1e9, burst + perSecond * YEAR_SECONDS);
    const chance = (lookedAt * MAX_LINK_CODES) / 2 ** CODE_BITS;
    expect(lookedAt).toBeLessThan(600_000);
    expect(chance).toBeLessThan(0.001);
  });

  it("is stopped after a few codes of one person, and after some of everybody", ({ expect }) => {
    const tries = (key: string, kind: "link_person" | "link_box") =>
      Array.from({ length: 100 }, () => takeRate(kind, key, 5)).filter((wait) => wait === 0);
    expect(tries("eve", "link_person")).toHaveLength(RATES.link_person.burst);
    expect(tries("", "link_box")).toHaveLength(RATES.link_box.burst);
  });

  it("begins with no full bucket after a flood from many addresses", ({ expect }) => {
    while (takeRate("link_box", "flooded", 9) === 0);
    while (takeRate("link_person", "mallory", 9) === 0);
    for (let index = 0; index <= MAX_BUCKETS; index += 1) takeRate("address", `y${index}`, 9);
    expect(takeRate("link_box", "flooded", 9)).toBeGreaterThan(0);
    expect(takeRate("link_person", "mallory", 9)).toBeGreaterThan(0);
  });
});
