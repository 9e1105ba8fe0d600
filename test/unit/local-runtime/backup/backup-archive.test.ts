import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, it } from "vitest";
import {
  MAX_TRAILING_BYTES,
  readArchive,
  writeArchive,
} from "../../../../local-runtime/backup/backup-archive.ts";
import {
  BLOCK_BYTES,
  decodeHeader,
  encodeHeader,
  isSafePath,
} from "../../../../local-runtime/backup/backup-archive-header.ts";

const folder = { path: "" };
beforeAll(async () => {
  folder.path = await mkdtemp(join(tmpdir(), "rockpool-archive-"));
});
afterAll(() => rm(folder.path, { recursive: true, force: true }));

let made = 0;
function newPath(): string {
  made += 1;
  return join(folder.path, `archive-${made}.tar.gz`);
}

async function readAll(path: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for await (const entry of readArchive(path)) {
    const parts: Buffer[] = [];
    for await (const part of entry.content) parts.push(part);
    files[entry.path] = Buffer.concat(parts).toString("latin1");
  }
  return files;
}

function writeAll(path: string, files: Record<string, string>): Promise<void> {
  const entries = Object.entries(files).map(([name, text]) => {
    const content = Buffer.from(text, "latin1");
    return { path: name, sizeBytes: content.length, content };
  });
  return writeArchive(path, entries, 1_700_000_000_000);
}

const damaged = (what: string) => ({
  code: "backup/damaged",
  message: `The archive is damaged or was changed: ${what}.`,
});
const NO_PLAIN_FILE = damaged("it holds something that is no plain file inside of it");

/** Name, as session objects have it: more than the 100 bytes that a header's first field takes. */
const LONG_NAME = `objects/session/${"0".repeat(64)}/${"f".repeat(64)}.sqlite`;

const pathPart = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/);
const safePath = fc.array(pathPart, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));

describe("an archive", () => {
  it("gives back what was put in, for any files", async ({ expect }) => {
    const content = fc.string({ unit: "binary-ascii", maxLength: 1500 });
    await fc.assert(
      fc.asyncProperty(fc.dictionary(safePath, content), async (files) => {
        const path = newPath();
        await writeAll(path, files);
        expect(await readAll(path)).toEqual({ ...files });
      }),
      { numRuns: 50 },
    );
  });

  it("is what the system's tar writes and reads, long names too", async ({ expect }) => {
    const files = { "a.txt": "hello", [LONG_NAME]: "x".repeat(BLOCK_BYTES * 3), "b/c": "" };
    const path = newPath();
    await writeAll(path, files);
    const out = join(folder.path, "unpacked");
    mkdirSync(out);
    execFileSync("tar", ["-xzf", path, "-C", out]);
    for (const [name, text] of Object.entries(files))
      expect(readFileSync(join(out, name), "latin1")).toBe(text);
    const again = newPath();
    execFileSync("tar", ["--format=ustar", "-czf", again, "-C", out, ...Object.keys(files)]);
    expect(await readAll(again)).toEqual(files);
  });

  it("is readable by its owner only, and never written over a file", async ({ expect }) => {
    const path = newPath();
    await writeAll(path, { a: "1" });
    const mode = execFileSync("ls", ["-l", path], { encoding: "utf8" }).slice(0, 10);
    expect(mode).toBe("-rw-------");
    await expect(writeAll(path, { a: "2" })).rejects.toMatchObject({ code: "EEXIST" });
    expect(await readAll(path)).toEqual({ a: "1" });
  });

  it("refuses a file that is not as large as its header says", async ({ expect }) => {
    const entry = { path: "a", sizeBytes: 3, content: Buffer.from("four") };
    await expect(writeArchive(newPath(), [entry], 0)).rejects.toThrow("a changed its size.");
  });

  it("that cannot be read is named so", async ({ expect }) => {
    await expect(readAll(folder.path)).rejects.toMatchObject({
      code: "backup/unreadable",
      message: "The archive cannot be read (EISDIR).",
    });
  });

  it("is refused when it is cut off anywhere", async ({ expect }) => {
    const whole = newPath();
    await writeAll(whole, { a: "hello", b: "x".repeat(5_000) });
    const bytes = readFileSync(whole);
    for (let size = 0; size < bytes.length; size += 7) {
      const path = newPath();
      writeFileSync(path, bytes);
      truncateSync(path, size);
      await expect(readAll(path)).rejects.toMatchObject({ code: "backup/damaged" });
    }
  });

  it("is refused, or reads the same, with any byte of its compressed content changed", async ({
    expect,
  }) => {
    const whole = newPath();
    const files = { a: "hello", b: "some more text" };
    await writeAll(whole, files);
    const bytes = readFileSync(whole);
    const gzipHeaderBytes = 10;
    let refused = 0;
    for (let index = gzipHeaderBytes; index < bytes.length; index += 1) {
      const path = newPath();
      const changed = Buffer.from(bytes);
      changed[index] = (changed[index] ?? 0) ^ 0x10;
      writeFileSync(path, changed);
      const result = await readAll(path).catch((error: unknown) => error);
      // Deflate has several ways to say the same.
      if (!(result instanceof Error)) expect(result).toEqual(files);
      else {
        expect(result).toMatchObject({ code: "backup/damaged" });
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(bytes.length / 2);
  });

  it("is refused when it holds a link or a folder", async ({ expect }) => {
    const from = join(folder.path, "odd");
    mkdirSync(join(from, "folder"), { recursive: true });
    symlinkSync("/etc/passwd", join(from, "link"));
    writeFileSync(join(from, "file"), "x");
    execFileSync("ln", [join(from, "file"), join(from, "hard")]);
    for (const names of [["folder"], ["link"], ["file", "hard"]]) {
      const path = newPath();
      execFileSync("tar", ["--format=ustar", "-czf", path, "-C", from, ...names]);
      await expect(readAll(path)).rejects.toMatchObject(NO_PLAIN_FILE);
    }
  });

  it("is refused when a path leads out of the folder", async ({ expect }) => {
    const from = join(folder.path, "inside");
    mkdirSync(from, { recursive: true });
    writeFileSync(join(folder.path, "outside"), "x");
    for (const name of ["../outside", join(folder.path, "outside")]) {
      const path = newPath();
      execFileSync("tar", ["--format=ustar", "-P", "-czf", path, "-C", from, name]);
      await expect(readAll(path)).rejects.toMatchObject(NO_PLAIN_FILE);
    }
  });

  it("may end in zeros, up to a limit, and in nothing else", async ({ expect }) => {
    const tar = (trailing: Buffer) => {
      const path = newPath();
      const header = encodeHeader({ path: "a", sizeBytes: 0 }, 0);
      writeFileSync(path, gzipSync(Buffer.concat([header, Buffer.alloc(1024), trailing])));
      return path;
    };
    expect(await readAll(tar(Buffer.alloc(10_240)))).toEqual({ a: "" });
    const following = damaged("something follows its end");
    await expect(readAll(tar(Buffer.from("x")))).rejects.toMatchObject(following);
    const tooMany = tar(Buffer.alloc(MAX_TRAILING_BYTES + BLOCK_BYTES));
    await expect(readAll(tooMany)).rejects.toMatchObject(following);
  });

  it("is refused, and nothing else happens, for bytes of any kind", async ({ expect }) => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 2_000 }), async (bytes) => {
        for (const content of [bytes, gzipSync(bytes)]) {
          const path = newPath();
          writeFileSync(path, content);
          await expect(readAll(path)).rejects.toMatchObject({ code: "backup/damaged" });
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe("the header of a file", () => {
  it("keeps path and size, beyond eight gigabytes too", ({ expect }) => {
    const size = fc.oneof(fc.nat(), fc.integer({ min: 8 ** 11 - 2, max: 8 ** 11 + 2 }));
    fc.assert(
      fc.property(safePath, size, (path, sizeBytes) => {
        expect(decodeHeader(encodeHeader({ path, sizeBytes }, 0))).toEqual({ path, sizeBytes });
      }),
    );
  });

  it("is refused with any byte of it changed", ({ expect }) => {
    const header = encodeHeader({ path: "objects/a.sqlite", sizeBytes: 42 }, 1_700_000_000_000);
    const checksumEnd = [154, 155]; // a NUL and a space: what programs put there differs
    for (let index = 0; index < BLOCK_BYTES; index += 1) {
      const changed = Buffer.from(header);
      changed[index] = (changed[index] ?? 0) ^ 0x01;
      if (!checksumEnd.includes(index)) expect(decodeHeader(changed)).toBeUndefined();
    }
  });

  it("is made for plain relative paths only", ({ expect }) => {
    const unsafe = [
      "",
      "/a",
      "a/",
      "a//b",
      "..",
      "a/../b",
      "./a",
      "a/.b",
      "-a",
      "a\\b",
      "a\nb",
      "é",
    ];
    for (const path of unsafe) {
      expect(isSafePath(path)).toBe(false);
      expect(() => encodeHeader({ path, sizeBytes: 0 }, 0)).toThrow(
        "The path cannot stand in an archive.",
      );
    }
    const long = `${"a".repeat(101)}`;
    expect(() => encodeHeader({ path: long, sizeBytes: 0 }, 0)).toThrow(
      "The path is too long for an archive.",
    );
  });

  it("never throws on reading, whatever the bytes", ({ expect }) => {
    const block = fc.uint8Array({ minLength: BLOCK_BYTES, maxLength: BLOCK_BYTES });
    fc.assert(
      fc.property(block, (bytes) => {
        expect(decodeHeader(Buffer.from(bytes))).toBeUndefined();
      }),
    );
  });
});
