import fc from "fast-check";
import { describe, it } from "vitest";
import { describePlace } from "../../../src/core/place-words.ts";
import { phrase } from "../../../src/phrases/phrase.ts";

describe("a place in line", () => {
  it.for([
    [{ position: 2 }, "Number 2 in line for the model"],
    [{ position: 1, etaMs: 0 }, "Number 1 in line for the model, about 5 seconds"],
    [{ position: 3, etaMs: 88_000 }, "Number 3 in line for the model, about 90 seconds"],
    [{ position: 9, etaMs: 90_001 }, "Number 9 in line for the model, about 2 minutes"],
    [{ position: 90, etaMs: 600_000 }, "Number 90 in line for the model, about 10 minutes"],
  ] as const)("%o is said in words", ([place, said], { expect }) => {
    const { name, values } = describePlace(place);
    expect(phrase("en", name, values)).toBe(said);
  });

  it("is never said to come sooner than it was estimated, in both languages", ({ expect }) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 528 }), fc.nat(10_000_000), (position, etaMs) => {
        const { name, values } = describePlace({ position, etaMs });
        const unitMs = name === "placeMinutes" ? 60_000 : 1_000;
        expect(values.count * unitMs).toBeGreaterThanOrEqual(etaMs);
        expect(phrase("zh", name, values)).toMatch(
          /^正在排队等待模型，第 \d+ 位，约 \d+ (秒|分钟)$/,
        );
      }),
    );
  });
});
