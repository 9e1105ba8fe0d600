import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { describe, it } from "vitest";
import { copyAll, copyChanged, listFiles } from "../../../../local-runtime/backup/backup-copy.ts";

function makeFolders() {
  const root = mkdtempSync(join(tmpdir(), "rockpool-copy-"));
  const [from, to] = [join(root, "from"), join(root, "to")];
  mkdirSync(from);
  mkdirSync(to);
  return {
    from,
    to,
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}

function write(folder: string, path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function age(folder: string, path: string): void {
  const atSeconds = Date.now() / 1000 - 60;
  utimesSync(join(folder, path), atSeconds, atSeconds);
}

function readFolder(folder: string): Record<string, string> {
  return Object.fromEntries(
    listFiles(folder).map((path) => [path, readFileSync(join(folder, path), "utf8")]),
  );
}

describe("a copy in two passes", () => {
  it("equals what stands still, whatever happened between the passes", ({ expect }) => {
    const path = fc.constantFrom("a", "b", "d/a", "d/b");
    const change = fc.record({
      path,
      text: fc.option(fc.string({ maxLength: 3 })),
      old: fc.boolean(),
    });
    const changes = fc.array(change, { maxLength: 8 });
    fc.assert(
      fc.property(changes, changes, (before, between) => {
        using folders = makeFolders();
        const apply = ({ path, text, old }: (typeof before)[number]) => {
          if (text === null) rmSync(join(folders.from, path), { force: true });
          else write(folders.from, path, text);
          if (text !== null && old) age(folders.from, path);
        };
        before.forEach(apply);
        const earlier = copyAll(folders.from, folders.to);
        // Written in earnest: what is written now carries the present time.
        for (const item of between) apply({ ...item, old: false });
        copyChanged(folders.from, folders.to, earlier, Number.POSITIVE_INFINITY);
        expect(readFolder(folders.to)).toEqual(readFolder(folders.from));
      }),
      { numRuns: 60 },
    );
  });

  it("takes a settled file once, and one that was just written again", ({ expect }) => {
    using folders = makeFolders();
    for (const path of ["settled", "fresh"]) write(folders.from, path, "one");
    age(folders.from, "settled");
    const earlier = copyAll(folders.from, folders.to);
    for (const path of ["settled", "fresh"]) write(folders.to, path, "mark");
    copyChanged(folders.from, folders.to, earlier, Number.POSITIVE_INFINITY);
    expect(readFolder(folders.to)).toEqual({ settled: "mark", fresh: "one" });
  });

  it("leaves out SQLite's shared memory", ({ expect }) => {
    using folders = makeFolders();
    for (const path of ["a.sqlite", "a.sqlite-wal", "a.sqlite-shm"]) write(folders.from, path, "x");
    copyAll(folders.from, folders.to);
    expect(listFiles(folders.to)).toEqual(["a.sqlite", "a.sqlite-wal"]);
  });

  it("gives up at its deadline", ({ expect }) => {
    using folders = makeFolders();
    write(folders.from, "a", "x");
    expect(() => copyChanged(folders.from, folders.to, new Map(), Date.now() - 1)).toThrow(
      expect.objectContaining({
        code: "backup/too_slow",
        message: "The server would have to stand still too long for a backup, so it was let go on.",
      }),
    );
  });
});
