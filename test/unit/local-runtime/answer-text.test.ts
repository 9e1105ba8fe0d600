import fc from "fast-check";
import { describe, it } from "vitest";
import { createAnswerText } from "../../../local-runtime/answer-text.ts";
import type { StreamEvent } from "../../../src/core/stream.ts";

const turnId = "t1";

function message(text: string, role: "user" | "assistant" = "assistant"): StreamEvent {
  return {
    type: "message",
    message: { seq: 1, id: "t1:a", role, text, atMs: 0, channel: "web", media: [] },
  };
}

function write(events: readonly StreamEvent[]): string {
  const answer = createAnswerText();
  return events.map((event) => answer.take(event)).join("");
}

describe("the text of an answer", () => {
  it("is whole, and nothing in it twice, however it was cut and told again", ({ expect }) => {
    const cuts = fc.array(fc.nat(200), { maxLength: 8 });
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), cuts, fc.nat(8), (text, at, againAt) => {
        const ends = [...at.map((cut) => Math.min(cut, text.length)), text.length].sort(
          (a, b) => a - b,
        );
        let offset = 0;
        const events: StreamEvent[] = [];
        for (const [index, end] of ends.entries()) {
          events.push({ type: "delta", turnId, offset, text: text.slice(offset, end) });
          offset = end;
          if (index === againAt)
            events.push({ type: "turn", turnId, text: text.slice(0, end), state: "answering" });
        }
        expect(write([...events, message(text), { type: "end", turnId }])).toBe(text);
        expect(write([...events, ...events, message(text)])).toBe(text);
      }),
    );
  });

  it("leaves out what the person said, and shows an answer that was not streamed", ({ expect }) => {
    expect(write([message("hello?", "user"), message("hi")])).toBe("hi");
  });

  it("shows an answer that replaced the streamed one on a line of its own", ({ expect }) => {
    const delta: StreamEvent = { type: "delta", turnId, offset: 0, text: "The mo" };
    expect(write([delta, message("The model is away.")])).toBe("The model is away.");
    expect(write([delta, message("Sorry: it broke off.")])).toBe("The mo\nSorry: it broke off.");
  });
});
