/** Which tools are offered, and what the prompt costs with and without them. */
import fc from "fast-check";
import { describe, it } from "vitest";
import { TOOLS, WEB_TOOLS } from "../../../src/tools/registry.ts";
import { chooseTools, toolTokens } from "../../../src/turn/choose-tools.ts";
import { SYSTEM_TEXT } from "../../../src/turn/notes.ts";
import { estimateTokens } from "../../../src/turn/tokens.ts";

const CONTEXT = 8_192;
const names = (texts: readonly string[], contextTokens = CONTEXT) =>
  chooseTools(TOOLS, texts, contextTokens).map(({ spec }) => spec.name);
const all = TOOLS.map(({ spec }) => spec.name);

function fixedTokens(user: string): number {
  const tools = chooseTools([...TOOLS, ...WEB_TOOLS], [user], CONTEXT);
  return estimateTokens(SYSTEM_TEXT) + tools.reduce((sum, tool) => sum + toolTokens(tool), 0);
}

describe("the fixed prompt", () => {
  it("of a plain chat has at most 600 tokens", ({ expect }) => {
    expect(fixedTokens("Hello, who are you?")).toBeLessThanOrEqual(600);
  });

  it("has at most 2,000 with all tools", ({ expect }) => {
    const tokens = fixedTokens("Use a tool.");
    expect(tokens).toBeGreaterThan(TOOLS.length * 30);
    expect(tokens).toBeLessThanOrEqual(2_000);
  });
});

describe("the tools on offer", () => {
  it.for([
    "Hello!",
    "Tell me a story: once upon a time, a dragon…",
    "what now?",
    "Translate this into French: good morning",
    "写一首关于海的诗",
    "谢谢",
  ])("are none for %j", (text, { expect }) => {
    expect(names([text])).toEqual([]);
  });

  it.for([
    "What is 17% of 2340?",
    "how much is 12 times 12",
    "What time is it in Tokyo?",
    "现在几点？",
    "计算一下 3.5 乘 12",
    "今天星期几",
    "Which tools do you have?",
    "call calculator",
  ])("are all of them for %j", (text, { expect }) => {
    expect(names([text])).toEqual(all);
  });

  it("stay while the message that hinted is part of the prompt", ({ expect }) => {
    expect(names(["What time is it?", "Thanks!"])).toEqual(all);
  });

  it("stay when a later message hints at others, also where not all of them fit", ({ expect }) => {
    const said = fc.constantFrom(
      "hello",
      "what is 3 * 4?",
      "what time is it in Tokyo?",
      "remember that I like tea",
      "what do you remember of my tea?",
      "remind me in 5 minutes",
      "list my reminders",
    );
    const room = fc.integer({ min: 300, max: 6_000 });
    fc.assert(
      fc.property(fc.array(said, { maxLength: 8 }), said, room, (texts, next, contextTokens) => {
        const before = names(texts, contextTokens);
        const after = names([...texts, next], contextTokens);
        const hinted = TOOLS.filter(({ hints }) => texts.some((text) => hints.test(text)));
        const kept = before.filter((name) => hinted.some(({ spec }) => spec.name === name));
        expect(after).toEqual(expect.arrayContaining(kept));
        const isNew = TOOLS.some(
          ({ hints, spec }) =>
            hints.test(next) && !hinted.some((tool) => tool.spec.name === spec.name),
        );
        if (!isNew) expect(after).toEqual(before);
      }),
    );
  });

  it("are the likeliest ones, in their own order, where the context is short", ({ expect }) => {
    const one = Math.max(...TOOLS.map(toolTokens));
    const short = names(["what is 3 * 4?"], one * 4 + 4);
    expect(short).toContain("calculator");
    expect(short.length).toBeLessThan(all.length);
    expect(short).toEqual(all.filter((name) => short.includes(name)));
  });
});
