import fc from "fast-check";
import { describe, it } from "vitest";
import type { ChatRequest, Model, ModelChunk } from "../../../src/core/ports.ts";
import {
  countTokens,
  estimateWithin,
  isUndercounted,
  learnRate,
  MAX_RATE,
  MIN_RATE,
  raiseRate,
  type TokenCount,
} from "../../../src/turn/token-rate.ts";
import { estimatePrompt } from "../../../src/turn/tokens.ts";

function count(counted: number, estimated = 1_000): TokenCount {
  return { model: "m", estimated, counted };
}

describe("learnRate", () => {
  it("takes what the first answer says, rises at once and falls slowly", ({ expect }) => {
    expect(learnRate(undefined, count(700))).toBe(0.7);
    expect(learnRate(0.7, count(900))).toBe(0.9);
    expect(learnRate(0.9, count(700))).toBeCloseTo(0.85);
  });

  it("learns nothing from a count that no tokenizer explains, or from a short prompt", ({
    expect,
  }) => {
    expect(learnRate(undefined, count(499))).toBeUndefined();
    expect(learnRate(0.7, count(0))).toBe(0.7);
    expect(learnRate(0.7, count(60, 63))).toBe(0.7);
  });

  it("stays within its bounds, and is never below what the last whole answer said", ({
    expect,
  }) => {
    const counts = fc.array(fc.tuple(fc.nat(10_000), fc.nat(10_000)), { minLength: 1 });
    fc.assert(
      fc.property(counts, (all) => {
        let rate: number | undefined;
        for (const [estimated, counted] of all) {
          const seen = { model: "m", estimated, counted };
          const before = rate;
          rate = learnRate(rate, seen);
          if (rate === undefined || rate === before) continue;
          expect(rate).toBeGreaterThanOrEqual(MIN_RATE);
          expect(rate).toBeLessThanOrEqual(MAX_RATE);
          expect(rate).toBeGreaterThanOrEqual(Math.min(MAX_RATE, counted / estimated) - 1e-9);
        }
      }),
    );
  });
});

describe("raiseRate", () => {
  it("reaches the highest rate in a few steps and stays there", ({ expect }) => {
    let rate: number = MIN_RATE;
    const steps = [0, 1, 2, 3, 4].map(() => {
      rate = raiseRate(rate);
      return rate;
    });
    expect(steps.at(-2)).toBeLessThan(MAX_RATE);
    expect(steps.at(-1)).toBe(MAX_RATE);
    expect(raiseRate(MAX_RATE)).toBe(MAX_RATE);
    expect(raiseRate(undefined)).toBe(1.4);
  });
});

describe("isUndercounted", () => {
  it.for([
    [undefined, 499, true],
    [undefined, 500, false],
    [0.7, 559, true],
    [0.7, 560, false],
    [0.7, 0, false],
  ] as const)(
    "at the rate %s says of %i counted tokens of 1,000: %s",
    ([rate, counted, expected], { expect }) => {
      expect(isUndercounted(rate, count(counted))).toBe(expected);
    },
  );

  it("says nothing of a short prompt", ({ expect }) => {
    expect(isUndercounted(0.7, count(1, 63))).toBe(false);
  });
});

describe("estimateWithin", () => {
  it("leaves a margin, and trusts no rate above its bound", ({ expect }) => {
    expect(estimateWithin(1_000, undefined)).toBe(1_000);
    expect(estimateWithin(1_000, 0.7)).toBe(1_298);
    expect(estimateWithin(1_000, 5)).toBe(500);
  });
});

describe("countTokens", () => {
  const usage = { model: "m:1b", promptTokens: 42, outputTokens: 1, firstTokenMs: 1, totalMs: 1 };
  const chunks: ModelChunk[] = [
    { kind: "text", text: "hi" },
    { kind: "done", reason: "stop", usage },
  ];
  const model = {
    async *chat() {
      yield* chunks;
    },
  } as unknown as Model; // nothing else of it is called
  const caller = { personId: "p", priority: "interactive" } as const;

  async function countsOf(request: Pick<ChatRequest, "messages" | "tools">) {
    const counts: TokenCount[] = [];
    const counted = countTokens(model, (seen) => counts.push(seen));
    const asked: ChatRequest = { caller, model: "auto", maxTokens: 1, ...request };
    const heard: ModelChunk[] = [];
    for await (const chunk of counted.chat(asked, new AbortController().signal)) heard.push(chunk);
    return { counts, heard };
  }

  it("tells the answering model's count beside the estimate, and changes no chunk", async ({
    expect,
  }) => {
    const messages = [{ role: "user" as const, content: "hello" }];
    const tools = [{ name: "clock", description: "", parameters: {} }];
    const { counts, heard } = await countsOf({ messages, tools });
    expect(heard).toEqual(chunks);
    const estimated = estimatePrompt(messages, tools);
    expect(counts).toEqual([{ model: "m:1b", estimated, counted: 42 }]);
  });

  it("learns nothing from pictures", async ({ expect }) => {
    const messages = [{ role: "user" as const, content: "look", images: ["aGk="] }];
    expect((await countsOf({ messages })).counts).toEqual([]);
  });
});
