/** `npm run release`, in a copy of the project with a history of its own. */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { PROJECT_ROOT } from "../support/project-files.ts";

let root: string;

/** No configuration of who runs the test, and no network. */
const env = {
  PATH: process.env.PATH ?? "",
  HOME: tmpdir(),
  GIT_AUTHOR_NAME: "t",
  GIT_AUTHOR_EMAIL: "t@localhost",
  GIT_COMMITTER_NAME: "t",
  GIT_COMMITTER_EMAIL: "t@localhost",
  // What is above the folder of tests is no part of it.
  GIT_CEILING_DIRECTORIES: tmpdir(),
  npm_config_registry: "http://127.0.0.1:9",
};

function git(...words: string[]): void {
  execFileSync("git", words, { cwd: root, env, stdio: "ignore" });
}

function release() {
  const words = ["--disable-warning=ExperimentalWarning", "scripts/release.ts"];
  return spawnSync(process.execPath, words, { cwd: root, env, encoding: "utf8" });
}

function readRelease(): Record<string, string> {
  const names = readdirSync(join(root, "dist"));
  return Object.fromEntries(
    names.map((name) => {
      const bytes = readFileSync(join(root, "dist", name));
      return [name, createHash("sha256").update(bytes).digest("hex")];
    }),
  );
}

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "rockpool-release-"));
  for (const path of [
    "package.json",
    "package-lock.json",
    ".npmrc",
    "scripts",
    "local-runtime/node",
    "local-runtime/model-server/engine",
  ])
    cpSync(join(PROJECT_ROOT, path), join(root, path), { recursive: true });
  mkdirSync(join(root, "bin"));
  writeFileSync(join(root, "bin", "rockpool"), "#!/bin/sh\n", { mode: 0o755 });
  writeFileSync(join(root, ".gitignore"), "dist/\n");
  git("init", "--quiet");
  git("add", ".");
  git("commit", "--quiet", "-m", "all");
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("a release", () => {
  it("is the same bytes each time, and its checksums hold", { timeout: 120_000 }, ({ expect }) => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    expect(release()).toMatchObject({ status: 0, stderr: "" });
    const first = readRelease();
    const base = `rockpool-${version}`;
    expect(Object.keys(first).sort()).toEqual([
      "SHA256SUMS",
      `${base}-model-engine.cdx.json`,
      `${base}-node.cdx.json`,
      `${base}.cdx.json`,
      `${base}.tar.gz`,
    ]);
    expect(release().status).toBe(0);
    expect(readRelease()).toEqual(first);
    const sums = readFileSync(join(root, "dist", "SHA256SUMS"), "utf8")
      .trim()
      .split("\n");
    expect(sums).toHaveLength(4);
    for (const line of sums) {
      const [sha256, name = ""] = line.split("  ");
      expect(`${name} ${first[name]}`).toBe(`${name} ${sha256}`);
    }
  });

  it("lists what runs on the box, with licence and hash", ({ expect }) => {
    const name = readdirSync(join(root, "dist")).find((file) => /\d\.cdx\.json$/.test(file)) ?? "";
    const bom = JSON.parse(readFileSync(join(root, "dist", name), "utf8"));
    expect(bom).toMatchObject({
      bomFormat: "CycloneDX",
      metadata: { component: { name: "rockpool" } },
    });
    const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const listed = (bom.components as { name: string; version: string; hashes?: unknown[] }[])
      .filter(({ hashes = [] }) => hashes.length > 0)
      .map((item) => `${item.name} ${item.version}`);
    for (const [dependency, version] of Object.entries(dependencies))
      expect(listed).toContain(`${dependency} ${version}`);
    const bare = (bom.components as { name: string; licenses?: unknown[] }[]).filter(
      ({ licenses = [] }) => licenses.length === 0,
    );
    expect(bare.map((item) => item.name)).toEqual([]);
  });

  it("keeps programs executable, and leaves out what is not committed", ({ expect }) => {
    const name = readdirSync(join(root, "dist")).find((file) => file.endsWith(".tar.gz")) ?? "";
    const list = execFileSync("tar", ["-tvzf", join(root, "dist", name)], { encoding: "utf8" });
    expect(list).toMatch(/^-rwx\S+ .* rockpool-[\d.]+\/bin\/rockpool$/m);
    expect(list).not.toContain("dist/");
  });

  it("is refused while something is not committed", ({ expect }) => {
    writeFileSync(join(root, "new.txt"), "x");
    const { status, stderr } = release();
    expect(status).toBe(1);
    expect(stderr).toContain(
      "a release is made of committed files, and these are not:\n?? new.txt",
    );
    rmSync(join(root, "new.txt"));
  });

  it("is refused in words where there is no commit to make it of", ({ expect }) => {
    renameSync(join(root, ".git"), join(root, "history"));
    const { status, stderr } = release();
    renameSync(join(root, "history"), join(root, ".git"));
    expect(status).toBe(1);
    expect(stderr).toMatch(/^release: git status failed:\nfatal: not a git repository/);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
