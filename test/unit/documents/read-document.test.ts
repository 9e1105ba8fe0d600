/** Files of strangers as text: what is read of each form, and that no bytes cost more than they may. */
import fc from "fast-check";
import { describe, it } from "vitest";
import { MAX_DOCUMENT_UNITS } from "../../../src/core/file-reader-protocol.ts";
import { MAX_XML_BYTES, readDocx, readWordXml } from "../../../src/documents/docx-text.ts";
import { documentKind } from "../../../src/documents/kind.ts";
import { readDocument } from "../../../src/documents/read-document.ts";
import { unpackEntry } from "../../../src/documents/zip-entry.ts";
import { cpuMsOf } from "../../support/cpu-time.ts";
import { docxOf, zipOf } from "../../support/zip-archive.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

describe("documentKind", () => {
  it.for([
    [{ mime: "text/plain; charset=utf-8" }, "text"],
    [{ mime: "text/markdown" }, "text"],
    [{ mime: "text/csv" }, "text"],
    [{ mime: "application/json" }, "text"],
    [{ mime: "text/html" }, "html"],
    [{ mime: "application/pdf" }, "pdf"],
    [{ mime: "application/octet-stream", name: "Notes.MD" }, "text"],
    [{ name: "a.docx" }, "docx"],
    [{ mime: "application/zip", name: "a.txt" }, undefined],
    [{ name: "a.exe" }, undefined],
    [{ mime: "constructor" }, undefined],
    [{ name: "a.constructor" }, undefined],
  ] as const)("of %j is %s", ([described, kind], { expect }) => {
    expect(documentKind({ kind: "file", ...described })).toBe(kind);
  });

  it("is none for pictures and voice notes", ({ expect }) => {
    expect(documentKind({ kind: "image", mime: "text/plain" })).toBeUndefined();
  });
});

describe("a text", () => {
  it.for([
    ["UTF-8", bytesOf("Größe 你好\r\nzwei")],
    ["UTF-8 with its mark", new Uint8Array([0xef, 0xbb, 0xbf, ...bytesOf("Größe 你好\nzwei")])],
    [
      "UTF-16",
      new Uint8Array([0xff, 0xfe, ...new Uint8Array(Buffer.from("Größe 你好\nzwei", "utf16le"))]),
    ],
  ] as const)("is read as %s", async ([, bytes], { expect }) => {
    expect(await readDocument("text", bytes)).toEqual({ text: "Größe 你好\nzwei", isCut: false });
  });

  it("is read in the old encodings of China and the West", async ({ expect }) => {
    const chinese = new Uint8Array([0xc4, 0xe3, 0xba, 0xc3]);
    expect(await readDocument("text", chinese)).toMatchObject({ text: "你好" });
    const western = new Uint8Array([0x47, 0x72, 0xf6, 0xdf, 0x65, 0x20]);
    expect(await readDocument("text", western)).toMatchObject({ text: "Größe" });
  });

  it("is none where control characters stand in it", async ({ expect }) => {
    expect(await readDocument("text", new Uint8Array([0x4d, 0x5a, 0, 1]))).toBeUndefined();
  });

  it("is cut where it is too long, and says so", async ({ expect }) => {
    const read = await readDocument("text", bytesOf("你".repeat(2 * MAX_DOCUMENT_UNITS)));
    expect(read).toEqual({ text: "你".repeat(MAX_DOCUMENT_UNITS), isCut: true });
  });
});

describe("a web page", () => {
  it("is read without its scripts", async ({ expect }) => {
    const page = bytesOf("<html><script>steal()</script><p>Tea &amp; Cake</p>");
    expect(await readDocument("html", page)).toEqual({ text: "Tea & Cake", isCut: false });
  });
});

describe("a Word document", () => {
  it("is read paragraph by paragraph", async ({ expect }) => {
    const docx = docxOf(["First &amp; foremost", "<x/>", "你好"]);
    expect(await readDocument("docx", docx)).toEqual({
      text: "First & foremost\n\n你好",
      isCut: false,
    });
  });

  it("is read without what was deleted, with tabs and line breaks", ({ expect }) => {
    const xml =
      "<w:p><w:r><w:delText>old</w:delText><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t/><w:t>c</w:t></w:r></w:p>";
    expect(readWordXml(xml)).toBe("a\tb\nc");
  });

  it("that unpacks to gigabytes is unpacked no further than its limit", async ({ expect }) => {
    const bomb = zipOf([{ name: "word/document.xml", content: new Uint8Array(3 * MAX_XML_BYTES) }]);
    expect(bomb.length).toBeLessThan(100_000);
    const unpacked = await unpackEntry(bomb, "word/document.xml", MAX_XML_BYTES);
    expect(unpacked?.bytes.length).toBe(MAX_XML_BYTES);
    expect(unpacked?.isCut).toBe(true);
    expect(await readDocx(bomb)).toMatchObject({ isCut: true });
  });

  it.for([
    ["encrypted", { flags: 1 }],
    ["said to stand elsewhere", { offset: 7 }],
    ["said to be longer than the archive", { packedBytes: 1_000_000 }],
    ["said to be of no length", { packedBytes: 0 }],
  ] as const)("that is %s is none", async ([, stated], { expect }) => {
    const content = "<w:p><w:t>x</w:t></w:p>";
    const archive = zipOf([{ name: "word/document.xml", content, stated }]);
    expect(await readDocx(archive)).toBeUndefined();
  });

  it("is none in another archive, and in one packed in a strange way", async ({ expect }) => {
    expect(await readDocx(zipOf([{ name: "a", content: "b" }]))).toBeUndefined();
    expect(
      await readDocx(zipOf([{ name: "word/document.xml", content: "b", method: 12 }])),
    ).toBeUndefined();
  });

  it("takes linear time for hostile XML", ({ expect }) => {
    const tookMs = cpuMsOf(() => {
      readWordXml("<w:t>".repeat(400_000));
      readWordXml("<".repeat(2_000_000));
      readWordXml("<w:p/>".repeat(300_000));
    });
    expect(tookMs).toBeLessThan(5_000);
  });
});

describe("any bytes", () => {
  it("are a text or none, and never an error", async ({ expect }) => {
    const kinds = fc.constantFrom("text" as const, "html" as const, "docx" as const);
    await fc.assert(
      fc.asyncProperty(kinds, fc.uint8Array({ maxLength: 300 }), async (kind, bytes) => {
        const read = await readDocument(kind, bytes);
        expect(read === undefined || read.text.isWellFormed()).toBe(true);
      }),
    );
  });

  it("put into a Word document anywhere break nothing", async ({ expect }) => {
    const docx = docxOf(["one", "two"]);
    const place = fc.nat(docx.length - 1);
    await fc.assert(
      fc.asyncProperty(place, fc.uint8Array({ minLength: 1, maxLength: 8 }), async (at, bytes) => {
        const broken = docx.slice();
        broken.set(bytes.subarray(0, docx.length - at), at);
        const read = await readDocument("docx", broken);
        expect(read === undefined || typeof read.text === "string").toBe(true);
      }),
    );
  });
});
