import fc from "fast-check";
import { describe, it } from "vitest";
import { createApiKey, parseApiKey } from "../../../src/security/api-key.ts";
import { isSameHash } from "../../../src/security/codes.ts";

/** Published beside the docs: a scanner that knows no more than this finds the keys. */
const SCANNER = /^rkp_[0-9A-Za-z]{46}$/;
/** Made once, by another program: 40 letters and their CRC-32 in base 62. */
const KNOWN = "rkp_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcd2cOX1H";

describe("an API key", () => {
  it("has the form that secret scanners look for, and is another one each time", async ({
    expect,
  }) => {
    const keys = Array.from({ length: 200 }, createApiKey);
    expect(new Set(keys).size).toBe(200);
    for (const key of keys) expect(key).toMatch(SCANNER);
    const parsed = await Promise.all(keys.map(parseApiKey));
    for (const [index, item] of parsed.entries()) {
      expect(item?.id).toBe(keys[index]?.slice(4, 12));
      expect(keys[index]).not.toContain(item?.hash ?? "-");
    }
    expect(new Set(parsed.map((item) => item?.hash)).size).toBe(200);
  });

  it("uses every letter about as often as any other", ({ expect }) => {
    const counts = new Map<string, number>();
    for (const letter of Array.from({ length: 1_000 }, () => createApiKey().slice(4, 44)).join(""))
      counts.set(letter, (counts.get(letter) ?? 0) + 1);
    expect(counts.size).toBe(62);
    // 40,000 letters in 62 boxes: 645 each, and seven standard deviations around it.
    for (const count of counts.values()) expect(Math.abs(count - 645)).toBeLessThan(180);
  });

  it("is checked by a checksum that other programs can check as well", async ({ expect }) => {
    expect(await parseApiKey(KNOWN)).toMatchObject({ id: "01234567" });
  });

  it("is no key with one letter changed", async ({ expect }) => {
    const key = createApiKey();
    const change = fc.tuple(fc.integer({ min: 4, max: key.length - 1 }), fc.constantFrom(..."0aZ"));
    await fc.assert(
      fc.asyncProperty(change, async ([at, letter]) => {
        const changed = key.slice(0, at) + letter + key.slice(at + 1);
        expect((await parseApiKey(changed)) === undefined).toBe(changed !== key);
      }),
    );
  });

  it("is told from any other text", async ({ expect }) => {
    const text = fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(SCANNER));
    await fc.assert(
      fc.asyncProperty(text, async (other) => {
        expect(await parseApiKey(other)).toBeUndefined();
      }),
    );
    for (const other of [`${KNOWN} `, ` ${KNOWN}`, `${KNOWN}\n`, KNOWN.toUpperCase()])
      expect(await parseApiKey(other)).toBeUndefined();
  });
});

describe("isSameHash", () => {
  it("is true for equal texts only", ({ expect }) => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        expect(isSameHash(one, other)).toBe(one === other);
        expect(isSameHash(one, one)).toBe(true);
      }),
    );
    expect(isSameHash("ab", "a")).toBe(false);
    expect(isSameHash("a", "ab")).toBe(false);
    expect(isSameHash("", "\0")).toBe(false);
  });
});
