import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import { explainFileErrors, prepareDataFolder } from "../../../local-runtime/data-folder.ts";

function temporaryFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), "rockpool-data-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

describe("the data folder", () => {
  it("is made for its owner alone", ({ expect }) => {
    const folder = prepareDataFolder(join(temporaryFolder(), "a", "data"));
    for (const path of [folder.root, folder.objects, folder.run, folder.logs])
      expect(modeOf(path)).toBe(0o700);
  });

  it("is closed to others where it was open", ({ expect }) => {
    const root = join(temporaryFolder(), "data");
    mkdirSync(root);
    chmodSync(root, 0o755);
    prepareDataFolder(root);
    expect(modeOf(root)).toBe(0o700);
  });

  it("is refused, and left as it is, where it holds something else", ({ expect }) => {
    const root = join(temporaryFolder(), "home");
    mkdirSync(root, { mode: 0o755 });
    writeFileSync(join(root, "thesis.txt"), "");
    expect(() => prepareDataFolder(root)).toThrow(
      expect.objectContaining({
        code: "data/not_ours",
        message: `The folder ${root} holds other things (thesis.txt), and no data of Rockpool.`,
      }),
    );
    expect(readdirSync(root)).toEqual(["thesis.txt"]);
    expect(modeOf(root)).toBe(0o755);
  });

  it("may be the top of a new disk", ({ expect }) => {
    const root = temporaryFolder();
    mkdirSync(join(root, "lost+found"));
    expect(prepareDataFolder(root).root).toBe(root);
  });

  it("is refused where a file stands in its place", ({ expect }) => {
    const root = join(temporaryFolder(), "data");
    writeFileSync(root, "");
    expect(() => prepareDataFolder(root)).toThrow(
      expect.objectContaining({
        code: "data/not_a_folder",
        message: `The data folder ${root} is not a folder.`,
        exitStatus: 73,
      }),
    );
  });

  it.for([
    ["EROFS", "data/read_only"],
    ["EACCES", "data/no_permission"],
    ["EPERM", "data/no_permission"],
    ["ENOSPC", "data/disk_full"],
    ["EDQUOT", "data/disk_full"],
  ])("has a sentence of its own for %s", ([code, expected], { expect }) => {
    const failure = Object.assign(new Error("failed"), { code });
    expect(() =>
      explainFileErrors("/srv/data", () => {
        throw failure;
      }),
    ).toThrow(
      expect.objectContaining({
        code: expected,
        message: expect.stringContaining("/srv/data"),
        fix: expect.stringMatching(/\w/),
        cause: failure,
      }),
    );
  });

  it("leaves failures alone that are none of files", ({ expect }) => {
    const bug = new TypeError("bug");
    expect(() =>
      explainFileErrors("/srv/data", () => {
        throw bug;
      }),
    ).toThrow(bug);
  });
});
