import fc from "fast-check";
import { describe, it } from "vitest";
import type { PromptMessage } from "../../../src/core/ports.ts";
import {
  answerTokens,
  buildPrompt,
  messageTokens,
  noteTokens,
  type PastTurn,
  promptRoom,
  type Said,
} from "../../../src/turn/context.ts";
import { renderNotes, renderTime, SYSTEM_TEXT } from "../../../src/turn/notes.ts";
import { estimatePrompt, estimateTokens } from "../../../src/turn/tokens.ts";

const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2026, 10, 21, 7, 14);
const NO_NOTES = { pins: [] };
const LIMITS = { pins: 1_000, summary: 1_000 };

const text = fc.string({ unit: "binary", maxLength: 400 });
const stretch = fc.tuple(fc.constantFrom("a", "é", "中", "🙂", "\ud800", "\n"), fc.nat(9_000));
const anyText = fc.oneof(
  text,
  fc
    .array(stretch, { maxLength: 5 })
    .map((stretches) => stretches.map(([unit, times]) => unit.repeat(times)).join("")),
);
const notes = fc.record({
  pins: fc.array(text, { maxLength: 20 }),
  summary: fc.option(anyText, { nil: undefined }),
});

/** Turns at times that mostly rise, some of them long. */
const pastTurns = fc
  .array(fc.tuple(anyText, text, fc.integer({ min: -5, max: 90 })), { maxLength: 40 })
  .map((turns) => {
    let atMs = START_MS;
    return turns.map(([user, assistant, minutes], seq): PastTurn => {
      atMs += minutes * MINUTE_MS;
      return { seq, atMs, user, assistant };
    });
  });

function say(user: string, atMs = START_MS): Said {
  return { user, atMs };
}

function told(messages: readonly PromptMessage[]): string[] {
  return messages.map((message) => message.content);
}

describe("answerTokens", () => {
  it("is a quarter of the window, and 2048 at most", ({ expect }) => {
    expect(answerTokens(1024)).toBe(256);
    expect(answerTokens(8192)).toBe(2048);
    expect(answerTokens(1_048_576)).toBe(2048);
  });
});

describe("promptRoom", () => {
  it("is the window less the answer and what is reserved, in estimated tokens", ({ expect }) => {
    expect(promptRoom({ contextTokens: 8192 })).toBe(6144);
    expect(promptRoom({ contextTokens: 8192, reservedTokens: 1_000 })).toBe(5144);
    expect(promptRoom({ contextTokens: 8192, rate: 0.7 })).toBe(Math.floor(6144 / 0.77));
  });
});

describe("buildPrompt", () => {
  it("tells the system text, the turns in order, and the message last", ({ expect }) => {
    const past = [{ seq: 1, atMs: START_MS, user: "one", assistant: "two" }];
    const said = say("three", START_MS + MINUTE_MS);
    const { messages } = buildPrompt({ contextTokens: 8192, notes: NO_NOTES, past, said });
    expect(messages).toEqual([
      { role: "system", content: SYSTEM_TEXT },
      { role: "user", content: "[Saturday 2026-11-21 07:14 UTC]\none" },
      { role: "assistant", content: "two" },
      { role: "user", content: "three" },
    ]);
  });

  it("tells the time again when ten minutes have passed, or the clock was set back", ({
    expect,
  }) => {
    const minutes = [0, 9, 11, 20, 22, 10];
    const past = minutes.map(
      (minute): PastTurn => ({
        seq: minute,
        atMs: START_MS + minute * MINUTE_MS,
        user: `${minute}`,
        assistant: "",
      }),
    );
    const said = say("last", START_MS + 11 * MINUTE_MS);
    const { messages } = buildPrompt({ contextTokens: 8192, notes: NO_NOTES, past, said });
    expect(told(messages.filter((message) => message.role === "user"))).toEqual([
      "[Saturday 2026-11-21 07:14 UTC]\n0",
      "9",
      "[Saturday 2026-11-21 07:25 UTC]\n11",
      "20",
      "[Saturday 2026-11-21 07:36 UTC]\n22",
      "[Saturday 2026-11-21 07:24 UTC]\n10",
      "last",
    ]);
  });

  it("tells notes once, with the first message, quoted", ({ expect }) => {
    const past = [{ seq: 1, atMs: START_MS, user: "one", assistant: "two" }];
    const given = { pins: ["I am vegan"], summary: "They spoke of\nfood." };
    const input = { contextTokens: 8192, notes: given, past, said: say("three") };
    expect(told(buildPrompt(input).messages).slice(1)).toEqual([
      "Pinned notes:\n> I am vegan\n\nSummary of what was said before:\n> They spoke of\n> food.\n\n[Saturday 2026-11-21 07:14 UTC]\none",
      "two",
      "three",
    ]);
    expect(told(buildPrompt({ ...input, past: [] }).messages)).toHaveLength(2);
  });

  it("never exceeds the window less the answer, whatever is in it", ({ expect }) => {
    const size = fc.integer({ min: 1024, max: 9_000 });
    const rate = fc.option(fc.double({ min: 0.5, max: 2, noNaN: true }), { nil: undefined });
    fc.assert(
      fc.property(pastTurns, notes, anyText, size, rate, (past, given, user, contextTokens, by) => {
        const space = { contextTokens, rate: by };
        const { messages } = buildPrompt({ ...space, notes: given, past, said: say(user) });
        expect(estimatePrompt(messages)).toBeLessThanOrEqual(promptRoom(space));
      }),
    );
  });

  it("begins with the whole prompt of the turn before, until turns are dropped", ({ expect }) => {
    const size = fc.integer({ min: 1024, max: 20_000 });
    fc.assert(
      fc.property(pastTurns, notes, size, (turns, given, contextTokens) => {
        let start = 0;
        let before: PromptMessage[] = [];
        let wasLong = false;
        for (const [index, said] of turns.entries()) {
          const past = turns.slice(start, index);
          const { messages, dropped } = buildPrompt({ contextTokens, notes: given, past, said });
          if (dropped === 0 && !wasLong) expect(messages.slice(0, before.length)).toEqual(before);
          wasLong = estimateTokens(said.user) > messageTokens(contextTokens);
          start += dropped;
          before = messages;
        }
      }),
      { numRuns: 50 },
    );
  });

  it("begins the same whatever is learnt of the tokenizer, while nothing is dropped", ({
    expect,
  }) => {
    const past = [{ seq: 1, atMs: START_MS, user: "x".repeat(50_000), assistant: "y" }];
    const input = { contextTokens: 8192, notes: NO_NOTES, past, said: say("z") };
    const prompts = [undefined, 0.6, 0.8].map((rate) => buildPrompt({ ...input, rate }).messages);
    expect(prompts[1]).toEqual(prompts[0]);
    expect(prompts[2]).toEqual(prompts[0]);
    expect(prompts[0]).toHaveLength(4);
  });

  it("cuts a message that is too long in the middle, and says so", ({ expect }) => {
    const user = `What is this? ${"x".repeat(50_000)} Answer in one word.`;
    const input = { contextTokens: 4096, notes: NO_NOTES, past: [], said: say(user) };
    const { messages, isCut } = buildPrompt(input);
    const last = messages.at(-1)?.content.split("\n").slice(1).join("\n") ?? "";
    expect(last).toMatch(/^What is this\? x+\n\[…\]\nx+ Answer in one word\.$/);
    expect(estimateTokens(last)).toBeGreaterThanOrEqual(messageTokens(4096));
    expect(isCut).toBe(true);
    expect(buildPrompt({ ...input, said: say("short") }).isCut).toBe(false);
  });

  it("reads a long message whole while the past leaves room, and keeps less of it later", ({
    expect,
  }) => {
    const user = "word ".repeat(2_500);
    const input = { contextTokens: 8192, notes: NO_NOTES, past: [], said: say(user) };
    expect(estimateTokens(user)).toBeGreaterThan(messageTokens(8192));
    expect(buildPrompt(input).isCut).toBe(false);
    const past = [{ seq: 1, atMs: START_MS, user, assistant: "yes" }];
    const { messages, dropped } = buildPrompt({ ...input, past, said: say("shorter") });
    expect(dropped).toBe(0);
    expect(messages[1]?.content).toContain("\n[…]\n");
  });

  it("keeps the newest turns when it drops some, and says what they may take", ({ expect }) => {
    const past = Array.from(
      { length: 100 },
      (_, seq): PastTurn => ({ seq, atMs: START_MS, user: "u".repeat(300), assistant: "a" }),
    );
    const input = { contextTokens: 4096, notes: NO_NOTES, past, said: say("now") };
    const { messages, dropped, turnTokens, budgetTokens } = buildPrompt(input);
    expect(dropped).toBeGreaterThan(80);
    expect(messages).toHaveLength(2 + 2 * (100 - dropped));
    const kept = turnTokens.slice(dropped).reduce((sum, tokens) => sum + tokens, 0);
    expect(kept).toBeLessThanOrEqual(budgetTokens / 2);
  });
});

describe("the fixed prompt of a plain chat", () => {
  it("takes 600 tokens at most", ({ expect }) => {
    const input = { contextTokens: 8192, notes: NO_NOTES, past: [], said: say("") };
    expect(estimatePrompt(buildPrompt(input).messages)).toBeLessThanOrEqual(600);
  });
});

describe("notes", () => {
  it("cannot end their quotation, by no kind of line end", ({ expect }) => {
    fc.assert(
      fc.property(notes, (given) => {
        const lines = renderNotes(given, LIMITS).split(/[\n\r\v\f\u0085\u2028\u2029]/);
        const own = ["", "Pinned notes:", "Summary of what was said before:"];
        expect(lines.filter((line) => !line.startsWith("> ") && !own.includes(line))).toEqual([]);
      }),
    );
    expect(renderNotes({ pins: [], summary: "one\r\ntwo\u2028three\n\nfour" }, LIMITS)).toBe(
      "Summary of what was said before:\n> one\n> two\n> three\n> four\n\n",
    );
  });

  it("are bounded by the window: pins that fit, and the beginning of the summary", ({ expect }) => {
    const pins = ["中".repeat(100), "short", "中".repeat(100)];
    const given = { pins, summary: "中".repeat(5_000) };
    const input = { contextTokens: 1024, notes: given, past: [], said: say("hello") };
    const [, first = ""] = told(buildPrompt(input).messages);
    expect(first).toContain(pins[0]);
    expect(first).toContain("> short\n\nSummary");
    expect(first.match(/中/g)?.length).toBeLessThan(100 + noteTokens(1024).summary);
    expect(first).toMatch(/…\n\n\[Saturday/);
    expect(first.endsWith("hello")).toBe(true);
  });
});

describe("renderTime", () => {
  it.for([
    ["Asia/Shanghai", "[Monday 2026-01-05 07:59 UTC+8]"],
    ["America/St_Johns", "[Sunday 2026-01-04 20:29 UTC-3:30]"],
    ["Asia/Kathmandu", "[Monday 2026-01-05 05:44 UTC+5:45]"],
  ] as const)("is on the clocks of %s", ([zone, line], { expect }) => {
    expect(renderTime(Date.UTC(2026, 0, 4, 23, 59), zone)).toBe(line);
  });

  it("names the day and the minute", ({ expect }) => {
    expect(renderTime(Date.UTC(2026, 0, 4, 23, 59, 59, 999))).toBe("[Sunday 2026-01-04 23:59 UTC]");
  });
});
