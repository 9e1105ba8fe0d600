import fc from "fast-check";
import { describe, it } from "vitest";
import { cutEnd, cutMiddle } from "../../../src/turn/cut-text.ts";
import { estimatePrompt, estimateTokens } from "../../../src/turn/tokens.ts";

const text = fc.string({ unit: "binary", maxLength: 400 });
const stretch = fc.tuple(fc.constantFrom("a", "E", "7", "é", "中", "🙂", "\ud800"), fc.nat(3_000));
const uneven = fc
  .array(stretch, { maxLength: 5 })
  .map((stretches) => stretches.map(([unit, times]) => unit.repeat(times)).join(""));

describe("estimateTokens", () => {
  it.for([
    // Counted by the tokenizer of qwen3, rounded up.
    ["The quick brown fox jumps over the lazy dog.", 10],
    ["function add(a, b) {\n  return a + b;\n}", 15],
    ["我是运行在这台机器上的私人助手。", 10],
    ["Grüße aus Österreich, schöne Straße", 13],
    ["", 0],
  ] as const)("is not below what %j takes", ([sample, tokens], { expect }) => {
    expect(estimateTokens(sample)).toBeGreaterThanOrEqual(tokens);
    expect(estimateTokens(sample)).toBeLessThan(tokens * 3 + 10);
  });

  it("counts each digit, and each letter of a dense script, as a token of its own", ({
    expect,
  }) => {
    expect(estimateTokens("0123456789")).toBeGreaterThanOrEqual(10);
    expect(estimateTokens("สวัสดีครับ")).toBeGreaterThanOrEqual(10);
  });

  it("grows with the text", ({ expect }) => {
    fc.assert(
      fc.property(text, text, (one, other) => {
        expect(estimateTokens(one + other)).toBeGreaterThanOrEqual(estimateTokens(one));
      }),
    );
  });
});

describe("estimatePrompt", () => {
  it("counts messages, pictures, calls of tools and the tools that are offered", ({ expect }) => {
    const message = { role: "user", content: "look" } as const;
    const plain = estimatePrompt([message]);
    expect(plain).toBe(estimateTokens("look"));
    expect(estimatePrompt([{ ...message, images: ["", ""] }])).toBe(plain + 2_400);
    const toolCalls = [{ id: "1", name: "clock", arguments: { zone: "UTC" } }];
    expect(estimatePrompt([{ role: "assistant", content: "look", toolCalls }])).toBeGreaterThan(
      plain + 10,
    );
    const tool = { name: "clock", description: "the time", parameters: {} };
    expect(estimatePrompt([message], [tool])).toBeGreaterThan(plain + 10);
  });
});

describe("cutting a text", () => {
  it("leaves one that fits as it is", ({ expect }) => {
    expect(cutMiddle("short", 100)).toBe("short");
    expect(cutEnd("short", 100)).toBe("short");
  });

  it("keeps beginning and end, or the beginning", ({ expect }) => {
    const long = `begin${"x".repeat(1_000)}end`;
    expect(cutMiddle(long, 50)).toMatch(/^beginx+\n\[…\]\nx+end$/);
    expect(cutEnd(long, 50)).toMatch(/^beginx+…$/);
  });

  it("fits whatever is cut, leaves no half character, and uses the space", ({ expect }) => {
    fc.assert(
      fc.property(uneven, fc.integer({ min: 20, max: 2_000 }), (long, maxTokens) => {
        for (const cut of [cutMiddle(long, maxTokens), cutEnd(long, maxTokens)]) {
          expect(estimateTokens(cut)).toBeLessThanOrEqual(maxTokens);
          if (cut === long) continue;
          expect(cut.isWellFormed()).toBe(true);
          expect(estimateTokens(cut)).toBeGreaterThanOrEqual(maxTokens - 8);
        }
      }),
    );
  });
});
