import fc from "fast-check";
import { describe, it } from "vitest";
import { openBoxSecret } from "../../../src/security/box-secret.ts";
import { findPasswordFault, parseSignInName } from "../../../src/security/password.ts";
import {
  addressGroup,
  bucketOf,
  refill,
  TRY_BUCKETS,
  TRY_RULES,
  waitOf,
} from "../../../src/security/sign-in-throttle.ts";

const rule = TRY_RULES.name;

describe("tries of a password", () => {
  it("come back one by one, never more than all, and none by setting the clock", ({ expect }) => {
    const none = { left: 0, atMs: 1_000_000 };
    expect(waitOf(none, rule)).toBe(rule.backMs);
    expect(refill(none, rule, none.atMs + rule.backMs).left).toBe(1);
    expect(refill(none, rule, none.atMs - rule.backMs)).toEqual({
      left: 0,
      atMs: none.atMs - rule.backMs,
    });
    fc.assert(
      fc.property(fc.double({ min: 0, max: 10, noNaN: true }), fc.nat(), (left, passedMs) => {
        const state = refill({ left, atMs: 0 }, rule, passedMs);
        expect(state.left).toBeLessThanOrEqual(rule.tries);
        expect(state.left).toBeGreaterThanOrEqual(left);
      }),
    );
  });

  it("are counted in a fixed number of buckets, whoever tries", async ({ expect }) => {
    const secret = await openBoxSecret("ab".repeat(32));
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 100 }), async (name) => {
        const [, number] = (await bucketOf(secret, "name", name)).split(":");
        expect(Number(number)).toBeLessThan(TRY_BUCKETS);
        expect(await bucketOf(secret, "name", name)).toBe(`name:${number}`);
      }),
    );
  });

  it("of IPv6 count by network, however an address is written", ({ expect }) => {
    expect(addressGroup("192.0.2.7")).toBe("192.0.2.7");
    expect(addressGroup("2001:db8:1:2:3:4:5:6")).toBe("2001:db8:1:2");
    expect(addressGroup("2001:db8:1:2::9")).toBe("2001:db8:1:2");
    expect(addressGroup("2001:db8::9")).toBe("2001:db8:0:0");
    expect(addressGroup("::1")).toBe("0:0:0:0");
  });
});

describe("a name and a new password", () => {
  it("are one name however it is written, and no control characters", ({ expect }) => {
    expect(parseSignInName("  Ａda L ")).toBe("ada l");
    for (const text of ["", " ", "\u202eada", "a\nb", "-ada", "x".repeat(65)])
      expect(parseSignInName(text)).toBeUndefined();
  });

  it("need length, and more than the name or one letter", ({ expect }) => {
    expect(findPasswordFault("wide slow green river", "ada")).toBeUndefined();
    for (const bad of ["elevenchars", "a".repeat(257), "aaaaaaaaaaaaaaaa", "adalovelace1"])
      expect(findPasswordFault(bad, "adalovelace")).toBeTypeOf("string");
  });
});
