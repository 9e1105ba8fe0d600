/** Reading the archive of an export: whole, in pieces of any size, and with any fault in it. */
import fc from "fast-check";
import { describe, it } from "vitest";
import { readArchive } from "../../../../local-runtime/person/person-archive.ts";
import { verifyExport } from "../../../../local-runtime/person/verify-export.ts";
import { tarEnd, tarHeader, tarPadding } from "../../../../src/core/tar.ts";

const FILES: readonly (readonly [string, string])[] = [
  ["person.json", "{}"],
  ["conversations/1/page-1.json", "x".repeat(600)],
  ["empty.json", ""],
];

function archive(): Buffer {
  const parts = FILES.flatMap(([path, text]) => [
    tarHeader(path, text.length, 0),
    Buffer.from(text),
    tarPadding(text.length),
  ]);
  return Buffer.concat([...parts, tarEnd()]);
}

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size)
    yield bytes.subarray(start, start + size);
}

async function read(bytes: Buffer, size = 4_096): Promise<[string, string][]> {
  const files: [string, string][] = [];
  for await (const { path, bytes: content } of readArchive(inPieces(bytes, size)))
    files.push([path, content.toString()]);
  return files;
}

describe("the archive of an export", () => {
  it("is read as it was written, in pieces of any size", async ({ expect }) => {
    for (const size of [1, 100, 513, 100_000]) expect(await read(archive(), size)).toEqual(FILES);
  });

  it("is refused where it is cut off, in its own words", async ({ expect }) => {
    const bytes = archive();
    for (let length = 0; length < bytes.length - 1_024; length += 97)
      await expect(read(bytes.subarray(0, length))).rejects.toMatchObject({
        code: "person/bad_export",
        message: "This is no export of a person, or only a part of one.",
      });
  });

  it("is read or refused with any bytes changed, and never otherwise", async ({ expect }) => {
    const bytes = archive();
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), async (at, byte) => {
        const changed = Buffer.from(bytes);
        changed[at] = byte;
        const outcome = await read(changed).then(
          () => "read",
          (error: unknown) => (error as { code?: unknown }).code, // asserted on below
        );
        expect(["read", "person/bad_export"]).toContain(outcome);
      }),
      { numRuns: 500 },
    );
  });

  it("is no export without its manifest", async ({ expect }) => {
    const files = readArchive(inPieces(archive(), 512));
    await expect(verifyExport(files, undefined)).rejects.toMatchObject({
      code: "person/bad_export",
    });
  });
});
