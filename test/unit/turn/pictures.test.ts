import fc from "fast-check";
import { describe, it } from "vitest";
import { MAX_PICTURE_BYTES, MAX_PICTURES } from "../../../src/core/picture.ts";
import { answerTokens, buildPrompt, type PastTurn, promptRoom } from "../../../src/turn/context.ts";
import {
  decidePictures,
  MAX_PICTURES_BYTES,
  type Picture,
  picturesWithin,
} from "../../../src/turn/pictures.ts";
import { estimatePrompt } from "../../../src/turn/tokens.ts";

function some(count: number, sizeBytes = 1_000): Picture[] {
  return Array.from({ length: count }, (_, index) => ({ fileId: `f${index}`, sizeBytes }));
}

function countsOf(messages: Picture[][], max = MAX_PICTURES): number[] {
  return decidePictures(messages, max).map((pictures) => pictures.length);
}

const picture = fc.record({
  fileId: fc.uuid(),
  sizeBytes: fc.integer({ min: 1, max: MAX_PICTURE_BYTES }),
});
const messages = fc.array(fc.array(picture, { maxLength: 6 }), { maxLength: 20 });

describe("decidePictures", () => {
  it("tells them all while they are few, and leaves all earlier ones out when they are many", ({
    expect,
  }) => {
    expect(countsOf([some(2), [], some(2)])).toEqual([2, 0, 2]);
    expect(countsOf([some(2), [], some(2), some(1)])).toEqual([0, 0, 0, 1]);
    expect(countsOf([some(2), some(2), some(1), some(3)])).toEqual([0, 0, 1, 3]);
  });

  it("tells the first ones of a message that has too many", ({ expect }) => {
    expect(countsOf([some(7)])).toEqual([4]);
    expect(countsOf([some(3, MAX_PICTURE_BYTES)])).toEqual([2]);
    expect(countsOf([some(2)], 0)).toEqual([0]);
  });

  it("never tells more than the limits, and always the newest", ({ expect }) => {
    fc.assert(
      fc.property(messages, fc.nat(MAX_PICTURES), (all, max) => {
        const told = decidePictures(all, max);
        expect(told.length).toBe(all.length);
        expect(told.flat().length).toBeLessThanOrEqual(max);
        const bytes = told.flat().reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
        expect(bytes).toBeLessThanOrEqual(MAX_PICTURES_BYTES);
        const last = all.at(-1) ?? [];
        if (max > 0 && last.length > 0) expect(told.at(-1)?.[0]).toEqual(last[0]);
      }),
    );
  });

  it("changes nothing that was told before, unless it leaves all of it out", ({ expect }) => {
    fc.assert(
      fc.property(messages, (all) => {
        if (all.length === 0) return;
        const before = decidePictures(all.slice(0, -1), MAX_PICTURES);
        const after = decidePictures(all, MAX_PICTURES).slice(0, -1);
        if (after.flat().length > 0) expect(after).toEqual(before);
      }),
    );
  });
});

describe("a prompt with pictures", () => {
  it("names them beside their messages, and only for a model that sees", ({ expect }) => {
    const past: PastTurn[] = [
      { seq: 1, atMs: 0, user: "a", assistant: "b", pictures: some(1) },
      { seq: 2, atMs: 0, user: "c", assistant: "d" },
    ];
    const said = { atMs: 0, user: "e", pictures: some(1) };
    const input = { contextTokens: 8192, notes: { pins: [] }, past, said };
    const { messages: told, pictures } = buildPrompt({ ...input, vision: true });
    expect(pictures.map((own) => own.length)).toEqual([0, 1, 0, 0, 0, 1]);
    expect(pictures.length).toBe(told.length);
    expect(buildPrompt(input).pictures.flat()).toEqual([]);
  });

  it("leaves their tokens free", ({ expect }) => {
    const size = fc.integer({ min: 3_000, max: 20_000 });
    fc.assert(
      fc.property(messages, size, (all, contextTokens) => {
        const past = all.map(
          (pictures, seq): PastTurn => ({
            seq,
            atMs: 0,
            user: "x".repeat(600),
            assistant: "y",
            pictures,
          }),
        );
        const said = { atMs: 0, user: "z".repeat(20_000), pictures: some(2) };
        const input = { contextTokens, notes: { pins: [] }, past, said, vision: true };
        const { messages: told, pictures } = buildPrompt(input);
        const full = told.map((message, index) => ({
          ...message,
          images: (pictures[index] ?? []).map(() => ""),
        }));
        expect(estimatePrompt(full)).toBeLessThanOrEqual(promptRoom(input));
      }),
    );
  });

  it("has room for as many as the window, four at most", ({ expect }) => {
    const roomOf = (contextTokens: number) => contextTokens - answerTokens(contextTokens);
    expect(picturesWithin(roomOf(1_024))).toBe(0);
    expect(picturesWithin(roomOf(8_192))).toBe(4);
    expect(picturesWithin(roomOf(131_072))).toBe(4);
  });
});
