import fc from "fast-check";
import MarkdownIt from "markdown-it";
import { describe, it } from "vitest";
import { escapeMarkdown } from "../../../src/flows/escape-markdown.ts";
import { MAX_SILENCES } from "../../../src/flows/limits.ts";
import { type FlowInput, type Step, startFlow, stepFlow } from "../../../src/flows/step.ts";
import { renderSummary } from "../../../src/flows/words.ts";
import { anyText } from "../../support/any-text.ts";
import { smallFlow } from "./small-flow.ts";

const NOW_MS = Date.UTC(2026, 10, 21, 12);
const ada = { lang: "en", name: "Ada" } as const;
const silence: FlowInput = { kind: "silence" };
const say = (text: string): FlowInput => ({ kind: "message", text });

function play(inputs: readonly (string | FlowInput)[], flow = smallFlow()): Step {
  let last = startFlow(flow, ada);
  for (const input of inputs)
    last = stepFlow(
      flow,
      last.snapshot,
      typeof input === "string" ? say(input) : input,
      ada,
      NOW_MS,
    );
  return last;
}

describe("a dialogue", () => {
  it("begins with what is said before its first question, and waits", ({ expect }) => {
    expect(play([])).toEqual({
      snapshot: { state: "dish", memory: { slots: {}, misses: 0, silences: 0 } },
      reply: "Hello Ada.\n\nSoup or cake?\n\n1. Soup\n2. Cake",
      outcome: { status: "waiting", silenceMs: 10_000 },
    });
  });

  it("speaks the language of who is spoken to", ({ expect }) => {
    const flow = smallFlow();
    const chinese = { lang: "zh", name: "小明" } as const;
    const { reply, snapshot } = startFlow(flow, chinese);
    expect(reply).toBe("中Hello 小明.\n\n中Soup or cake?\n\n1. 中Soup\n2. 中Cake");
    expect(stepFlow(flow, snapshot, say("中Soup"), chinese, NOW_MS).reply).toBe(
      "中Any wish for the 中Soup? （回复“跳过”可略过。）",
    );
  });

  it("goes the way of the answers, and keeps them", ({ expect }) => {
    expect(play(["cake"])).toMatchObject({
      snapshot: { state: "done", memory: { slots: { dish: "cake" } } },
      reply: "Enjoy.",
      outcome: { status: "ended", end: "done", tellOwner: false },
    });
    expect(play(["soup", "no salt"])).toMatchObject({
      snapshot: { memory: { slots: { dish: "soup", note: "no salt" } } },
      reply: "Noted: no salt",
      outcome: { status: "ended", end: "model", tellOwner: false },
    });
    expect(play(["soup", "skip"])).toMatchObject({
      snapshot: { memory: { slots: { dish: "soup" } } },
      reply: "Noted: –",
    });
  });

  it("says what it expects, and goes on after the tries it was given", ({ expect }) => {
    const missed = play(["pie"]);
    expect(missed.reply).toBe(
      "Please answer with one of these, or with its number:\n\n1. Soup\n2. Cake",
    );
    expect(missed.snapshot).toEqual({
      state: "dish",
      memory: { slots: {}, misses: 1, silences: 0 },
    });
    expect(play(["pie", "tart"])).toMatchObject({
      reply: "I have told a person, who will answer you.",
      outcome: { status: "ended", end: "person", tellOwner: true },
    });
    expect(play(["soup", "x".repeat(21)]).reply).toBe(
      "I need an answer of 1 to 20 characters here.",
    );
  });

  it(`asks again in silence, ${MAX_SILENCES - 1} times in a row, and is let go then`, ({
    expect,
  }) => {
    const before = Array.from({ length: MAX_SILENCES - 1 }, () => silence);
    expect(play(before).outcome.status).toBe("waiting");
    expect(play([...before, silence])).toMatchObject({
      reply:
        "I have not heard from you for a while, so I let “Lunch” go. `/flow lunch` begins it again.",
      outcome: { status: "ended", end: "expired", tellOwner: false },
    });
    expect(play([...before, "pie", silence]).outcome.status).toBe("waiting");
  });

  it("is let go in silence with the author's words", ({ expect }) => {
    const expired = { en: "Bye, {dish}.", zh: "再见" };
    expect(play(["soup", silence], smallFlow({ expired })).reply).toBe("Bye, Soup.");
  });

  it("forgets an answer that is asked for again and passed over", ({ expect }) => {
    const again = {
      ask: { en: "Again?", zh: "再来？" },
      accept: { type: "yesno" },
      next: [{ when: { again: "yes" }, go: "note" }, { go: "model" }],
    };
    const text = { en: "Wish?", zh: "愿望？" };
    const note = { ask: text, accept: { type: "text" }, optional: true, next: "again" };
    const { snapshot } = play(["soup", "salt", "yes", "skip"], smallFlow({}, { note, again }));
    expect(snapshot.memory.slots).toEqual({ dish: "soup", again: "yes" });
  });

  it("shows what a person wrote as it is, never as Markdown", ({ expect }) => {
    expect(play(["soup", "[x](y) *b*"]).reply).toBe("Noted: \\[x\\](y) \\*b\\*");
  });

  it("does the same when a step is taken again, from what was kept", ({ expect }) => {
    const flow = smallFlow();
    const input = fc.oneof(
      fc.constant(silence),
      fc.constantFrom("soup", "cake", "1", "2", "skip", "pie").map(say),
      anyText().map(say),
    );
    fc.assert(
      fc.property(fc.array(input, { maxLength: 12 }), (inputs) => {
        let last = startFlow(flow, ada);
        for (const each of inputs) {
          if (last.outcome.status === "ended") break;
          const kept = JSON.parse(JSON.stringify(last.snapshot));
          const next = stepFlow(flow, kept, each, ada, NOW_MS);
          expect(stepFlow(flow, last.snapshot, each, ada, NOW_MS)).toEqual(next);
          last = next;
        }
        expect(JSON.parse(JSON.stringify(last))).toEqual(last);
      }),
    );
  });

  it("refuses a place that its flow does not have", ({ expect }) => {
    const snapshot = { state: "gone", memory: { slots: {}, misses: 0, silences: 0 } };
    expect(() => stepFlow(smallFlow(), snapshot, say("x"), ada, NOW_MS)).toThrow(
      new TypeError("No question of the flow is called gone."),
    );
  });
});

describe("the summary", () => {
  it("has the answers that have a label, in words", ({ expect }) => {
    const flow = smallFlow();
    const { slots } = play(["soup", "two\nlines"]).snapshot.memory;
    expect(renderSummary(flow, slots, "en")).toBe("- Dish: Soup\n- Wish: two lines");
    expect(renderSummary(flow, slots, "zh")).toBe("- 中Dish: 中Soup\n- 中Wish: two lines");
    expect(renderSummary(flow, {}, "en")).toBe("");
  });
});

describe("escaped text", () => {
  it("reads in Markdown as it was written, whatever it is", ({ expect }) => {
    const markdown = new MarkdownIt();
    const active = fc
      .array(
        fc.constantFrom(
          "*",
          "_",
          "`",
          "[",
          "](",
          ")",
          "<b>",
          "&amp;",
          "a",
          " ",
          "\n",
          "#",
          "- ",
          "1.",
          "~~",
          "|",
          "!",
          "\\",
          "=",
          "+",
          "---",
          "===",
          "http://x.y",
        ),
      )
      .map((parts) => parts.join(""));
    const printable = anyText(0x20, 0xd7ff);
    fc.assert(
      fc.property(fc.oneof(active, printable), (text) => {
        const tokens = markdown.parse(escapeMarkdown(text), {});
        const plain = text.replace(/\s+/g, " ").trim();
        if (plain === "") {
          expect(tokens).toEqual([]);
          return;
        }
        expect(tokens.map(({ type }) => type)).toEqual([
          "paragraph_open",
          "inline",
          "paragraph_close",
        ]);
        const inline = tokens[1]?.children ?? [];
        expect(inline.every(({ type }) => type === "text" || type === "text_special")).toBe(true);
        expect(inline.map(({ content }) => content).join("")).toBe(plain);
      }),
      { numRuns: 1_000 },
    );
  });
});
