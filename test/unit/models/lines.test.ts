import fc from "fast-check";
import { describe, it } from "vitest";
import { LineParser, MAX_ANSWER_BYTES, MAX_LINE_BYTES } from "../../../src/models/lines.ts";

const encoder = new TextEncoder();

/** Cuts `bytes` at the given places. */
function cut(bytes: Uint8Array, places: number[]): Uint8Array[] {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort(
    (a, b) => a - b,
  );
  let start = 0;
  return [...ends, bytes.length].map((end) => {
    const piece = bytes.subarray(start, end);
    start = end;
    return piece;
  });
}

const line = fc.string({ unit: "binary" }).map((text) => text.replaceAll(/[\n\uFEFF]/g, ""));

describe("LineParser", () => {
  it("gives the same lines wherever the bytes are cut, without empty ones", ({ expect }) => {
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat()), line, (lines, places, rest) => {
        const bytes = encoder.encode(lines.map((text) => `${text}\n`).join("") + rest);
        const parser = new LineParser();
        const read = cut(bytes, places).flatMap((piece) => parser.push(piece));
        expect([...read, parser.end()]).toEqual([...lines.filter((text) => text !== ""), rest]);
      }),
    );
  });

  it("keeps what it holds when the runtime uses the chunk's buffer again", ({ expect }) => {
    const parser = new LineParser();
    const buffer = encoder.encode("half a ");
    parser.push(buffer);
    buffer.fill(0x58);
    expect(parser.push(encoder.encode("line\n"))).toEqual(["half a line"]);
  });

  it("turns bytes that are no UTF-8 into replacement characters", ({ expect }) => {
    expect(new LineParser().push(new Uint8Array([0xff, 0x0a]))).toEqual(["\uFFFD"]);
  });

  it("takes a line of the largest size and refuses one byte more", ({ expect }) => {
    const longest = new Uint8Array(MAX_LINE_BYTES + 1).fill(0x61);
    longest[MAX_LINE_BYTES] = 0x0a;
    expect(new LineParser().push(longest)[0]?.length).toBe(MAX_LINE_BYTES);

    const parser = new LineParser();
    parser.push(longest.subarray(0, MAX_LINE_BYTES));
    expect(() => parser.push(encoder.encode("a"))).toThrow(
      expect.objectContaining({
        code: "model/broken_stream",
        message: `A line of the answer has more than ${MAX_LINE_BYTES} bytes.`,
      }),
    );
  });

  it("takes an answer of the largest size and refuses one byte more", ({ expect }) => {
    const parser = new LineParser();
    const chunk = new Uint8Array(MAX_LINE_BYTES).fill(0x0a);
    for (let sent = 0; sent < MAX_ANSWER_BYTES; sent += chunk.length) parser.push(chunk);
    expect(() => parser.push(encoder.encode("\n"))).toThrow(
      expect.objectContaining({
        code: "model/broken_stream",
        message: `The answer has more than ${MAX_ANSWER_BYTES} bytes.`,
      }),
    );
  });
});
