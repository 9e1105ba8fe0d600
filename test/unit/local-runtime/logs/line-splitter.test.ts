import fc from "fast-check";
import { describe, it } from "vitest";
import { LineSplitter, MAX_LINE_UNITS } from "../../../../local-runtime/logs/line-splitter.ts";

function split(chunks: readonly Uint8Array[]): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  for (const chunk of chunks) splitter.push(Buffer.from(chunk));
  splitter.end();
  return lines;
}

describe("cutting a stream into lines", () => {
  it("gives the same lines however the bytes are cut", ({ expect }) => {
    const cuts = fc.array(fc.nat(60), { maxLength: 8 });
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), cuts, (text, places) => {
        const bytes = Buffer.from(text);
        const sorted = [0, ...places.map((at) => at % (bytes.length + 1)), bytes.length].sort(
          (a, b) => a - b,
        );
        const chunks = sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
        expect(split(chunks)).toEqual(text.split("\n").filter((line) => line.trim() !== ""));
      }),
    );
  });

  it("hands on a line without an end in bounded pieces", ({ expect }) => {
    const chunk = Buffer.alloc(10_000, "a");
    const lines = split(Array.from({ length: 20 }, () => chunk));
    expect(lines.every((line) => line.length <= MAX_LINE_UNITS)).toBe(true);
    expect(lines.join("")).toHaveLength(200_000);
  });

  it("cuts a longer line that comes at once", ({ expect }) => {
    const [line = ""] = split([Buffer.from(`${"a".repeat(MAX_LINE_UNITS + 1)}\n`)]);
    expect(line).toHaveLength(MAX_LINE_UNITS);
  });
});
