import { describe, it } from "vitest";
import {
  decideContext,
  decideContextCount,
  MAX_CONTEXTS,
} from "../../../../local-runtime/model-server/context-slots.ts";

const SYSTEM = [1, 2, 3, 4, 5, 6, 7, 8];

describe("the context that takes a prompt", () => {
  const first = [...SYSTEM, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19];
  const second = [...SYSTEM, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29];

  it.for([
    ["goes on with the one that it continues", [first, second], [...second, 30], 1],
    [
      "goes on with it where its end was taken back",
      [first, second],
      [...first.slice(0, 12), 40],
      0,
    ],
    ["takes the empty one when it only begins alike", [first, []], [...SYSTEM, 50], 1],
    ["takes the one used longest ago when none is empty", [first, second], [...SYSTEM, 50], 0],
    ["takes the longest of two that it continues", [SYSTEM, first], [...first, 60], 1],
    ["takes the only one", [first], [9], 0],
  ] as const)("%s", ([, held, prompt, expected], { expect }) => {
    const contexts = held.map((tokens, index) => ({
      tokens,
      usedAt: tokens.length === 0 ? 0 : index + 1,
    }));
    expect(decideContext(contexts, prompt)).toBe(expected);
  });
});

describe("the number of contexts", () => {
  const facts = { sizeBytes: 1e9, tokenBytes: 100_000, contextTokens: 40_000 };
  const engineBytes = 250 * 1024 * 1024;
  const oneContext = 1e9 + engineBytes + 100_000 * 10_000;

  it.for([
    [0, 1],
    [oneContext, 1],
    [oneContext + 4e9 - 1, 1],
    [oneContext + 4e9, 2],
    [oneContext + 8e9, 3],
    [1e12, MAX_CONTEXTS],
  ] as const)("with %d bytes available is %d", ([availableBytes, count], { expect }) => {
    expect(decideContextCount(facts, 10_000, availableBytes)).toBe(count);
  });

  it("is one where the file does not say what a token takes", ({ expect }) => {
    expect(decideContextCount({ ...facts, tokenBytes: 0 }, 10_000, 1e12)).toBe(1);
  });
});
