import { describe, it } from "vitest";
import { createWaitingLine } from "../../../local-runtime/waiting-line.ts";
import type { QueuePlace, StreamEvent } from "../../../src/core/stream.ts";

function waits(place: QueuePlace): StreamEvent {
  return { type: "turn", turnId: "t", text: "", state: "waiting", place };
}

describe("the line for the model in the terminal", () => {
  it("is told once for each place, with the time where it is known", ({ expect }) => {
    const line = createWaitingLine();
    const told = [
      waits({ position: 2 }),
      waits({ position: 2, etaMs: 30_000 }),
      waits({ position: 1, etaMs: 12_000 }),
      waits({ position: 3, etaMs: 200_000 }),
    ].map((event) => line.take(event));
    expect(told).toEqual([
      "(number 2 in line for the model)\n",
      "",
      "(number 1 in line for the model, about 15 seconds)\n",
      "(number 3 in line for the model, about 4 minutes)\n",
    ]);
  });

  it("is silent about everything else", ({ expect }) => {
    const line = createWaitingLine();
    const events: StreamEvent[] = [
      { type: "ready", seq: 1 },
      { type: "turn", turnId: "t", text: "", state: "thinking" },
      { type: "delta", turnId: "t", offset: 0, text: "Hi" },
      { type: "end", turnId: "t" },
    ];
    expect(events.map((event) => line.take(event)).join("")).toBe("");
  });
});
