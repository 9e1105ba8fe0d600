import { describe, it } from "vitest";
import { hashToken, randomCode, randomToken } from "../../../src/security/codes.ts";

describe("randomCode", () => {
  it("has eight characters that nobody takes for others", ({ expect }) => {
    for (let index = 0; index < 1_000; index += 1)
      expect(randomCode()).toMatch(/^[A-HJ-NP-Z2-9]{8}$/);
  });

  it("uses all 32 characters equally at each place", ({ expect }) => {
    const codes = Array.from({ length: 32_000 }, randomCode);
    expect(new Set(codes).size).toBe(codes.length);
    for (let place = 0; place < 8; place += 1) {
      const counts = new Map<string, number>();
      for (const code of codes)
        counts.set(code[place] ?? "", (counts.get(code[place] ?? "") ?? 0) + 1);
      expect(counts.size).toBe(32);
      // A thousand each: seven standard deviations either way.
      expect(Math.min(...counts.values())).toBeGreaterThan(780);
      expect(Math.max(...counts.values())).toBeLessThan(1_220);
    }
  });
});

describe("randomToken", () => {
  it("is 256 bits in base64url, another each time", ({ expect }) => {
    const tokens = Array.from({ length: 100 }, randomToken);
    for (const token of tokens) {
      expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
      expect(Buffer.from(token, "base64url")).toHaveLength(32);
    }
    expect(new Set(tokens).size).toBe(100);
  });
});

describe("hashToken", () => {
  it("is the SHA-256 in base64url", async ({ expect }) => {
    expect(await hashToken("")).toBe("47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU");
    expect(await hashToken("a")).not.toBe(await hashToken("A"));
  });
});
