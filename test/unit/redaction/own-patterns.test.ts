import fc from "fast-check";
import { describe, it } from "vitest";
import {
  MAX_OWN_PATTERNS,
  MAX_PATTERN_UNITS,
  parseOwnPatterns,
} from "../../../src/redaction/own-patterns.ts";
import { createRedactor } from "../../../src/redaction/redactor.ts";
import { cpuMsOf } from "../../support/cpu-time.ts";

const maskWith = (patterns: string, text: string) =>
  createRedactor(["own"], parseOwnPatterns(patterns)).mask(text);

describe("the owner's own patterns", () => {
  it("mask what they find under their names", ({ expect }) => {
    const patterns =
      "# staff\nemployee = EMP-\\d{4,6}\r\n\nproject name = (?i)blue (whale|heron)\n工号 = 员工\\d+";
    expect(maskWith(patterns, "EMP-12345 works on Blue Heron, 员工77 as well")).toBe(
      "[employee] works on [project name], [工号] as well",
    );
  });

  it("take time in proportion to the text where a backtracking matcher would take for ever", ({
    expect,
  }) => {
    const tookMs = cpuMsOf(() => {
      maskWith("slow = (a+)+$", `${"a".repeat(5_000)}b`);
      maskWith("slow = (a|a)*c", "a".repeat(5_000));
    });
    expect(tookMs).toBeLessThan(5_000);
  });

  it.for([
    ["no equals sign", "line 1: name = pattern is expected"],
    ["= x", "line 1: name = pattern is expected"],
    ["fine = x\n[name] = x", "line 2: name = pattern is expected"],
    ["empty =", `line 1: a pattern of 1 to ${MAX_PATTERN_UNITS} characters is expected`],
    [
      `long = ${"x".repeat(MAX_PATTERN_UNITS + 1)}`,
      `line 1: a pattern of 1 to ${MAX_PATTERN_UNITS} characters is expected`,
    ],
    ["open = (secretword", "line 1: a pattern by the rules of RE2 is expected"],
    ["back = (a)\\1", "line 1: a pattern by the rules of RE2 is expected"],
    ["look = (?=a)b", "line 1: a pattern by the rules of RE2 is expected"],
    ["nothing = a*", "line 1: a pattern that finds something is expected"],
    ["large = (\\pL{100}){11}", "line 1: a pattern by the rules of RE2 is expected"],
  ] as const)("are refused as %j", ([text, message], { expect }) => {
    expect(() => parseOwnPatterns(text)).toThrow(new Error(message));
  });

  it(`are ${MAX_OWN_PATTERNS} at most`, ({ expect }) => {
    const lines = (count: number) => Array(count).fill("a = b").join("\n");
    expect(parseOwnPatterns(lines(MAX_OWN_PATTERNS))).toHaveLength(MAX_OWN_PATTERNS);
    expect(() => parseOwnPatterns(lines(MAX_OWN_PATTERNS + 1))).toThrow(
      new Error(`no more than ${MAX_OWN_PATTERNS} patterns are expected`),
    );
  });

  it("are read or refused, whatever the file holds, and no complaint repeats it", ({ expect }) => {
    const source = fc.string({ unit: "binary", maxLength: 60 });
    fc.assert(
      fc.property(source, (text) => {
        try {
          const [pattern] = parseOwnPatterns(`x = zq${text.replaceAll(/[\r\n]/g, "")}`);
          pattern?.replaceIn("any text zq");
        } catch (error) {
          expect(String(error)).toMatch(/^Error: (line \d+: [a-zA-Z0-9 =]+(, )?)+$/);
        }
      }),
      { numRuns: 3_000 },
    );
  });
});
