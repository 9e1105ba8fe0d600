/** The program that opens files of strangers: what it reads of them, and that no file costs more than it may. */
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import { runReader } from "../../../../local-runtime/file-reader/run-reader.ts";
import { scaleDown } from "../../../../local-runtime/file-reader/scale-down.ts";
import { FileReader, MAX_WAITING } from "../../../../local-runtime/file-reader/server.ts";
import {
  MAX_DOCUMENT_UNITS,
  MAX_SHOWN_SIDE,
  parsePdfText,
  renderPdfText,
} from "../../../../src/core/file-reader-protocol.ts";
import { holdsMetadata, parsePicture } from "../../../../src/core/picture.ts";
import { pdfOf } from "../../../support/pdf-file.ts";
import { photoOf, pixelsOf, withExif } from "../../../support/photo.ts";

const ROOT = process.cwd();

async function readPdf(bytes: Uint8Array) {
  const answer = await runReader(ROOT, "pdf", bytes);
  return answer && parsePdfText(new TextDecoder().decode(answer));
}

async function start(
  run: typeof runReader,
): Promise<(path: string, body?: string) => Promise<number>> {
  const dir = mkdtempSync(join(tmpdir(), "rockpool-reader-"));
  const socket = join(dir, "files.sock");
  const reader = new FileReader({ root: ROOT, socket, run });
  await reader.start();
  onTestFinished(async () => {
    await reader.stop();
    rmSync(dir, { recursive: true });
  });
  return (path, body = "x") =>
    new Promise((resolve, reject) => {
      const call = request({ socketPath: socket, path, method: "POST" }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      call.once("error", reject);
      call.end(body);
    });
}

describe("a PDF", () => {
  it("is read page by page", async ({ expect }) => {
    expect(await readPdf(pdfOf(["Ada pays.\nBob (not Eve) gets it.", "The end."]))).toEqual({
      text: "Ada pays.\nBob (not Eve) gets it.\n\nThe end.",
      isCut: false,
    });
  });

  it("is read until enough was read", async ({ expect }) => {
    const read = await readPdf(
      pdfOf(Array.from({ length: 120 }, () => "word ".repeat(20).concat("\n").repeat(50))),
    );
    expect(read).toMatchObject({ isCut: true });
    expect(read?.text.length).toBeLessThanOrEqual(MAX_DOCUMENT_UNITS);
  });

  it("is none where the bytes are none", async ({ expect }) => {
    expect(await readPdf(new TextEncoder().encode("%PDF-1.4 nothing"))).toBeUndefined();
    expect(await readPdf(new Uint8Array(1_000))).toBeUndefined();
  });

  it("crosses the socket with whether it is whole", ({ expect }) => {
    for (const read of [
      { text: "a-b", isCut: true },
      { text: "", isCut: false },
    ])
      expect(parsePdfText(renderPdfText(read))).toEqual(read);
    expect(parsePdfText("")).toBeUndefined();
    expect(parsePdfText("<html>")).toBeUndefined();
  });
});

describe("a photograph", () => {
  it("is turned, made smaller, and keeps nothing but what is seen", async ({ expect }) => {
    const photo = withExif(await photoOf(2_000, 1_000), 6, "51.5N 0.1W");
    expect(holdsMetadata(photo)).toBe(true);
    const small = (await runReader(ROOT, "picture", photo)) ?? new Uint8Array();
    expect(parsePicture(small)).toEqual({ format: "jpeg", width: 768, height: MAX_SHOWN_SIDE });
    expect(holdsMetadata(small)).toBe(false);
    expect(Buffer.from(small).includes("51.5N")).toBe(false);
    // The left half was red; turned clockwise it is the upper one.
    const { data, width, height } = await pixelsOf(small);
    const colourAt = (x: number, y: number) => [...data.subarray((y * width + x) * 4).slice(0, 3)];
    expect(colourAt(100, 100)).toEqual([
      expect.closeTo(254, -1),
      expect.closeTo(0, -1),
      expect.closeTo(0, -1),
    ]);
    expect(colourAt(width - 100, height - 100)[1]).toBeGreaterThan(245);
  });

  it("that says it is larger than is decoded is refused by its first bytes", async ({ expect }) => {
    const png = new Uint8Array(64);
    png.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]);
    new DataView(png.buffer).setUint32(16, 60_000);
    new DataView(png.buffer).setUint32(20, 60_000);
    expect(await runReader(ROOT, "picture", png)).toBeUndefined();
  });

  it("is scaled by the mean of what falls together, over white", ({ expect }) => {
    const data = new Uint8ClampedArray([
      0, 0, 0, 255, 255, 255, 255, 255, 9, 9, 9, 0, 0, 0, 0, 255,
    ]);
    expect(scaleDown({ data, width: 4, height: 1 }, 2)).toEqual({
      data: new Uint8ClampedArray([128, 128, 128, 255, 128, 128, 128, 255]),
      width: 2,
      height: 1,
    });
  });
});

describe("the program", () => {
  it("is ended where it takes too long", async ({ expect }) => {
    expect(await runReader(ROOT, "pdf", pdfOf(["x"]), 1)).toBeUndefined();
  });

  it("is asked for one file at a time, and of too many the caller is told", async ({ expect }) => {
    const gate = Promise.withResolvers<void>();
    let running = 0;
    const call = await start(async () => {
      running += 1;
      expect(running).toBe(1);
      await gate.promise;
      running -= 1;
      return new Uint8Array(1);
    });
    const refused = Promise.withResolvers<void>();
    let refusals = 0;
    const calls = Array.from({ length: MAX_WAITING + 3 }, async () => {
      const status = await call("/pdf");
      if (status === 503) refusals += 1;
      if (refusals === 2) refused.resolve();
      return status;
    });
    await refused.promise;
    gate.resolve();
    const statuses = await Promise.all(calls);
    expect(statuses.filter((status) => status === 503)).toHaveLength(2);
    expect(statuses.filter((status) => status === 200)).toHaveLength(MAX_WAITING + 1);
  });

  it("answers what it cannot read, and nothing else", async ({ expect }) => {
    const call = await start(async () => undefined);
    expect(await call("/pdf")).toBe(422);
    expect(await call("/picture", "x".repeat(21 * 1024 * 1024)).catch(() => 413)).toBe(413);
    expect(await call("/etc/passwd")).toBe(404);
  });
});
