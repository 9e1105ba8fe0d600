import fc from "fast-check";
import { describe, it } from "vitest";
import {
  answerTokens,
  buildPrompt,
  decideWindow,
  estimateTokens,
  type PastTurn,
  systemText,
} from "../../../src/turn/context.ts";

const text = fc.string({ unit: "binary", maxLength: 400 });
const pastTurns = fc
  .array(fc.tuple(text, text), { maxLength: 60 })
  .map((pairs) => pairs.map(([user, assistant], seq) => ({ seq, user, assistant })));

function tokensOf(messages: readonly { content: string }[]): number {
  return messages.reduce((sum, message) => sum + estimateTokens(message.content), 0);
}

function turn(seq: number, tokens: number): PastTurn {
  return { seq, user: "a".repeat(tokens * 3 - 36), assistant: "" };
}

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

  it("grows with the text", ({ expect }) => {
    fc.assert(
      fc.property(text, text, (one, other) => {
        expect(estimateTokens(one + other)).toBeGreaterThanOrEqual(estimateTokens(one));
      }),
    );
  });
});

describe("answerTokens", () => {
  it("is a quarter of the window, and 2048 at most", ({ expect }) => {
    expect(answerTokens(1024)).toBe(256);
    expect(answerTokens(8192)).toBe(2048);
    expect(answerTokens(1_048_576)).toBe(2048);
  });
});

describe("systemText", () => {
  it("is the same for a whole day and names it", ({ expect }) => {
    const morning = Date.UTC(2026, 10, 21, 0, 0, 0);
    const night = Date.UTC(2026, 10, 21, 23, 59, 59, 999);
    expect(systemText(morning)).toBe(systemText(night));
    expect(systemText(morning)).toContain("Today is Saturday, 2026-11-21 (UTC).");
    expect(systemText(night + 1)).toContain("Today is Sunday, 2026-11-22 (UTC).");
  });
});

describe("decideWindow", () => {
  it("keeps all turns while they fit, to the token", ({ expect }) => {
    const past = [turn(1, 100), turn(2, 100), turn(3, 100)];
    expect(decideWindow(past, 300)).toBe(0);
    expect(decideWindow(past, 299)).toBe(2);
  });

  it("drops to half of the budget at once, so that the start of the prompt moves seldom", ({
    expect,
  }) => {
    const starts: number[] = [];
    for (let count = 1; count <= 100; count += 1) {
      const from = starts.at(-1) ?? 0;
      const past = Array.from({ length: count - from }, (_, index) => turn(from + index, 100));
      starts.push(from + decideWindow(past, 1_000));
    }
    const moves = starts.filter((start, index) => start !== (starts[index - 1] ?? 0));
    expect(moves.length).toBeGreaterThan(10);
    expect(moves.length).toBeLessThanOrEqual(20);
    for (const [index, start] of moves.entries())
      expect(start - (moves[index - 1] ?? 0)).toBeGreaterThanOrEqual(5);
  });

  it("drops even the newest turn where it alone is too long", ({ expect }) => {
    expect(decideWindow([turn(1, 2_000)], 1_000)).toBe(1);
    expect(decideWindow([], 0)).toBe(0);
  });

  it("never keeps more than the budget, and always the newest ones", ({ expect }) => {
    fc.assert(
      fc.property(pastTurns, fc.nat(5_000), (past, budget) => {
        const start = decideWindow(past, budget);
        const kept = past.slice(start).flatMap((one) => [one.user, one.assistant]);
        expect(tokensOf(kept.map((content) => ({ content })))).toBeLessThanOrEqual(budget);
      }),
    );
  });
});

describe("buildPrompt", () => {
  const system = systemText(Date.UTC(2026, 10, 21));

  it("never exceeds the window less the answer, whatever is in it", ({ expect }) => {
    const stretch = fc.tuple(fc.constantFrom("a", "é", "中", "🙂", "\ud800"), fc.nat(9_000));
    const uneven = fc
      .array(stretch, { maxLength: 5 })
      .map((stretches) => stretches.map(([unit, times]) => unit.repeat(times)).join(""));
    const anyText = fc.oneof(text, uneven);
    fc.assert(
      fc.property(pastTurns, anyText, fc.integer({ min: 1024, max: 9_000 }), (past, user, size) => {
        const { messages } = buildPrompt({ system, past, user, contextTokens: size });
        expect(tokensOf(messages) + answerTokens(size)).toBeLessThanOrEqual(size);
      }),
    );
  });

  it("tells the system text, the kept turns in order, and the message last", ({ expect }) => {
    fc.assert(
      fc.property(pastTurns, text, (past, user) => {
        const { messages, dropped } = buildPrompt({ system, past, user, contextTokens: 8192 });
        expect(messages).toEqual([
          { role: "system", content: system },
          ...past.slice(dropped).flatMap((one) => [
            { role: "user", content: one.user },
            { role: "assistant", content: one.assistant },
          ]),
          { role: "user", content: user },
        ]);
      }),
    );
  });

  it("begins like the last prompt while turns are added", ({ expect }) => {
    const past = Array.from({ length: 5 }, (_, seq) => turn(seq, 50));
    const before = buildPrompt({ system, past, user: "one", contextTokens: 8192 }).messages;
    const grown = [...past, { seq: 5, user: "one", assistant: "two" }];
    const after = buildPrompt({ system, past: grown, user: "three", contextTokens: 8192 }).messages;
    expect(after.slice(0, before.length)).toEqual(before);
  });

  it("cuts a message that is too long in the middle, and keeps its beginning and end", ({
    expect,
  }) => {
    const user = `What is this? ${"x".repeat(50_000)} Answer in one word.`;
    const { messages } = buildPrompt({ system, past: [], user, contextTokens: 4096 });
    const told = messages.at(-1)?.content ?? "";
    expect(told).toMatch(/^What is this\? x+\n\[…\]\nx+ Answer in one word\.$/);
    const room = 4096 - answerTokens(4096) - estimateTokens(system);
    expect(estimateTokens(told)).toBeGreaterThanOrEqual(room - 2);
  });

  it("never leaves half a character where it cuts", ({ expect }) => {
    for (const pad of ["", "a"]) {
      const user = pad + "🙂".repeat(20_000);
      const { messages } = buildPrompt({ system, past: [], user, contextTokens: 2048 });
      expect(messages.at(-1)?.content.isWellFormed()).toBe(true);
    }
  });
});
