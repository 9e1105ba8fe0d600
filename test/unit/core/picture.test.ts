import fc from "fast-check";
import { describe, it } from "vitest";
import { parsePicture } from "../../../src/core/picture.ts";

function bytesOf(...parts: (string | number[])[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === "string" ? Array.from(part, (char) => char.charCodeAt(0)) : part,
    ),
  );
}

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const png = bytesOf(PNG, [0, 0, 0, 13], "IHDR", [0, 0, 2, 0], [0, 0, 1, 0x80], [8, 6, 0, 0, 0]);
const jpegFrame = [0xff, 0xc0, 0, 17, 8, 0x01, 0x80, 0x02, 0x00, 3];
const jpeg = bytesOf([0xff, 0xd8], [0xff, 0xe0, 0, 4, 1, 2], [0xff], jpegFrame);
const webp = (kind: string, ...rest: number[]) =>
  bytesOf("RIFF", [0, 0, 0, 0], "WEBP", kind, [0, 0, 0, 0], rest, Array(20).fill(0));

describe("parsePicture", () => {
  it.for([
    ["png", png],
    ["jpeg", jpeg],
    ["webp", webp("VP8 ", 0, 0, 0, 0x9d, 0x01, 0x2a, 0x00, 0x02, 0x80, 0x01)],
    ["webp", webp("VP8L", 0x2f, 0xff, 0xc1, 0x5f, 0x00)],
    ["webp", webp("VP8X", 0, 0, 0, 0, 0xff, 0x01, 0, 0x7f, 0x01, 0)],
  ] as const)("reads the size of a %s of 512 × 384 pixels", ([format, bytes], { expect }) => {
    expect(parsePicture(bytes)).toEqual({ format, width: 512, height: 384 });
  });

  it("reads from the middle of a larger buffer", ({ expect }) => {
    const padded = new Uint8Array(png.length + 10);
    padded.set(png, 5);
    expect(parsePicture(padded.subarray(5, 5 + png.length))).toMatchObject({ width: 512 });
  });

  it.for([
    ["nothing", new Uint8Array()],
    ["text", bytesOf("this is no picture at all, only text")],
    ["a size of nothing", bytesOf(PNG, [0, 0, 0, 13], "IHDR", Array(13).fill(0))],
    ["a GIF", bytesOf("GIF89a", [0, 2, 0x80, 1], Array(30).fill(0))],
    ["a JPEG whose scan comes before its frame", bytesOf([0xff, 0xd8, 0xff, 0xda], jpegFrame)],
    ["a JPEG that breaks off", jpeg.subarray(0, 12)],
    ["a WebP of an unknown kind", webp("ABCD")],
  ] as const)("knows no picture in %s", ([, bytes], { expect }) => {
    expect(parsePicture(bytes)).toBeUndefined();
  });

  it("reads any bytes without a failure, also those that begin like a picture", ({ expect }) => {
    const starts = fc.constantFrom(...[png, jpeg, webp("VP8L"), webp("VP8X")], new Uint8Array());
    fc.assert(
      fc.property(starts, fc.nat(40), fc.uint8Array({ maxLength: 200 }), (start, cut, rest) => {
        const header = parsePicture(Uint8Array.from([...start.subarray(0, cut), ...rest]));
        if (!header) return;
        expect(header.width).toBeGreaterThan(0);
        expect(header.height).toBeGreaterThan(0);
      }),
    );
  });
});
