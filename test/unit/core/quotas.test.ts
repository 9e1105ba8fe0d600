import fc from "fast-check";
import { describe, it } from "vitest";
import {
  DEFAULT_QUOTAS,
  MAX_MESSAGES_MINUTE,
  MAX_QUOTA,
  parseQuota,
  parseRoleQuotas,
  QUOTA_NAMES,
} from "../../../src/core/quotas.ts";
import { ROLES } from "../../../src/core/roles.ts";

describe("parseRoleQuotas", () => {
  it("changes what it names and nothing else", ({ expect }) => {
    const quotas = parseRoleQuotas("guest.messages_day=50, member.tokens_day = none,");
    expect(quotas.guest).toEqual({ ...DEFAULT_QUOTAS.guest, messages_day: 50 });
    expect(quotas.member).toEqual({ ...DEFAULT_QUOTAS.member, tokens_day: null });
    expect(quotas.owner).toEqual(DEFAULT_QUOTAS.owner);
    expect(parseRoleQuotas("")).toEqual(DEFAULT_QUOTAS);
  });

  it.for([
    "guest",
    "guest.messages_day",
    "guest.messages_day=",
    "guest.messages_day=-1",
    "guest.messages_day=1.5",
    "guest.messages_day=1e3",
    "root.messages_day=1",
    "guest.constructor=1",
    "__proto__.messages_day=1",
    `guest.messages_minute=${MAX_MESSAGES_MINUTE + 1}`,
    `guest.messages_day=${MAX_QUOTA + 1}`,
  ])("refuses %s", (text, { expect }) => {
    expect(() => parseRoleQuotas(text)).toThrow(/expected|takes a whole number/);
  });

  it("gives quotas of whole numbers, or throws, for any text", ({ expect }) => {
    const part = fc.oneof(
      fc.string(),
      fc
        .tuple(fc.constantFrom(...ROLES), fc.constantFrom(...QUOTA_NAMES), fc.string())
        .map(([role, name, text]) => `${role}.${name}=${text}`),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
        const values = valuesOf(parts.join(","));
        expect(values.every((value) => Number.isSafeInteger(value) && value >= 0)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});

/** All limits that a text comes to; none where it is refused. */
function valuesOf(text: string): number[] {
  try {
    const quotas = Object.values(parseRoleQuotas(text)).flatMap((role) => Object.values(role));
    return quotas.filter((value) => value !== null);
  } catch (error) {
    if (error instanceof TypeError) throw error; // a bug
    return [];
  }
}

describe("the defaults", () => {
  it("give nobody more than the owner, and a guest less than a member", ({ expect }) => {
    for (const name of QUOTA_NAMES) {
      expect(DEFAULT_QUOTAS.owner[name]).toBeNull();
      expect(DEFAULT_QUOTAS.guest[name]).toBeLessThan(DEFAULT_QUOTAS.member[name] ?? 0);
      const text = String(DEFAULT_QUOTAS.member[name]);
      expect(parseQuota(name, text)).toBe(DEFAULT_QUOTAS.member[name]);
    }
  });
});
