import fc from "fast-check";
import { describe, it } from "vitest";
import { createEventParser, MAX_LINE_UNITS } from "../../../src/console/chat/event-parser.ts";

/** The data of all events in the pieces. */
function parseAll(pieces: readonly string[]): string[] {
  const parser = createEventParser();
  return pieces.flatMap((piece) => parser.push(piece));
}

function cutAt(text: string, places: readonly number[]): string[] {
  const cuts = [0, ...places.map((place) => place % (text.length + 1)), text.length];
  cuts.sort((a, b) => a - b);
  return cuts.slice(1).map((end, at) => text.slice(cuts[at], end));
}

describe("server-sent events", () => {
  it("are read with each kind of line end, and comments are skipped", ({ expect }) => {
    expect(
      parseAll([": hello\n\nid: 4\ndata: a\n\ndata:b\r\n\r\nevent: x\rdata: c\r\r:\n"]),
    ).toEqual(["a", "b", "c"]);
  });

  it("join several data lines, and keep all spaces but the first", ({ expect }) => {
    expect(parseAll(["data:  a\ndata\ndata: b\n\n"])).toEqual([" a\n\nb"]);
  });

  it("without data are none, and an unfinished one is not handed on", ({ expect }) => {
    expect(parseAll(["id: 1\n\ndata: a\n"])).toEqual([]);
  });

  it("are the same however the text is cut", ({ expect }) => {
    const line = fc.constantFrom("data: x", "data: 界🙂", ": c", "id: 3", "data", "");
    const ends = fc.constantFrom("\n", "\r\n", "\r");
    const text = fc
      .array(fc.tuple(line, ends), { maxLength: 20 })
      .map((lines) => lines.map((pair) => pair.join("")).join(""));
    fc.assert(
      fc.property(text, fc.array(fc.nat(), { maxLength: 12 }), (whole, places) => {
        // A lone carriage return at the very end waits for its other half.
        const closed = `${whole}\n`;
        expect(parseAll(cutAt(closed, places))).toEqual(parseAll([closed]));
      }),
    );
  });

  it("never fail on any text", ({ expect }) => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" })), (pieces) => {
        expect(Array.isArray(parseAll(pieces))).toBe(true);
      }),
    );
  });

  it("may be as long as the limit, and no longer", ({ expect }) => {
    const parser = createEventParser();
    expect(parser.push("a".repeat(MAX_LINE_UNITS))).toEqual([]);
    expect(() => parser.push("a")).toThrow("The stream holds a line that is too long.");
  });
});
