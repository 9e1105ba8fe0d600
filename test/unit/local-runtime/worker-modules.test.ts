import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import { copyWorker, listModules } from "../../../local-runtime/worker-modules.ts";

function newFolders(): { build: string; run: string; entry: string } {
  const root = mkdtempSync(join(tmpdir(), "rockpool-modules-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const folders = { build: join(root, "build"), run: join(root, "run") };
  for (const dir of Object.values(folders)) mkdirSync(dir);
  return { ...folders, entry: join(folders.build, "index.js") };
}

describe("the modules of the Worker", () => {
  it("are listed with the entry first", ({ expect }) => {
    const { build } = newFolders();
    for (const name of ["rare-A.js", "index.js", "chunk-B.js", "index.js.123.tmp"])
      writeFileSync(join(build, name), name);
    expect(listModules(build)).toEqual(["index.js", "chunk-B.js", "rare-A.js"]);
  });

  it("take the place of an earlier build's in the folder of a run", ({ expect }) => {
    const { build, run, entry } = newFolders();
    writeFileSync(join(run, "index.js"), "before");
    writeFileSync(join(run, "rare-OLD.js"), "before");
    writeFileSync(join(run, "box-secret.key"), "a key");
    writeFileSync(
      entry,
      'import{a}from"./chunk-A.js";import"./chunk-B.js";await import("./rare-C.js")',
    );
    writeFileSync(join(build, "chunk-A.js"), "export const a=1");
    writeFileSync(join(build, "chunk-B.js"), "");
    writeFileSync(join(build, "rare-C.js"), 'export{a}from"./chunk-A.js";import("./rare-D.js")');
    writeFileSync(join(build, "rare-D.js"), "");
    writeFileSync(join(build, "rare-OF-ANOTHER-BUILD.js"), "");
    const modules = ["chunk-A.js", "chunk-B.js", "index.js", "rare-C.js", "rare-D.js"];
    copyWorker(entry, run);
    expect(readdirSync(run).sort()).toEqual(["box-secret.key", ...modules]);
    const { mtimeMs, ino } = statSync(join(run, "index.js"));
    copyWorker(entry, run);
    expect(statSync(join(run, "index.js"))).toMatchObject({ mtimeMs, ino });
  });

  it("are left as they were where one of the new ones is gone", ({ expect }) => {
    const { run, entry } = newFolders();
    writeFileSync(join(run, "index.js"), 'import("./rare-OLD.js")');
    writeFileSync(join(run, "rare-OLD.js"), "before");
    writeFileSync(entry, 'import("./rare-NEW.js")');
    expect(() => copyWorker(entry, run)).toThrow(
      expect.objectContaining({ code: "ENOENT", message: expect.stringContaining("rare-NEW.js") }),
    );
    expect(listModules(run)).toEqual(["index.js", "rare-OLD.js"]);
  });
});
