import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import {
  installEngine,
  isEngineInstalled,
  unsupportedMachine,
} from "../../../../local-runtime/model-server/install-engine.ts";

const ENGINE = join(import.meta.dirname, "../../../../local-runtime/model-server/engine");

interface Entry {
  version?: string;
  integrity?: string;
  os?: string[];
  optional?: boolean;
}

const lock: { packages: Record<string, Entry> } = JSON.parse(
  readFileSync(join(ENGINE, "package-lock.json"), "utf8"),
);

describe("what is installed for the engine", () => {
  it("is at one exact version, and the binaries at the same", ({ expect }) => {
    const { dependencies } = JSON.parse(readFileSync(join(ENGINE, "package.json"), "utf8"));
    const version: string = dependencies["node-llama-cpp"];
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    const binaries = Object.entries(lock.packages).filter(([path]) =>
      path.startsWith("node_modules/@node-llama-cpp/"),
    );
    expect(binaries.length).toBeGreaterThan(4);
    for (const [path, entry] of binaries) expect(entry.version, path).toBe(version);
  });

  // Some hundred megabytes each: the lock names no system for them, so that npm passes them over.
  it("leaves out binaries for graphics cards", ({ expect }) => {
    const wanted = Object.entries(lock.packages)
      .filter(([path]) => path.startsWith("node_modules/@node-llama-cpp/"))
      .filter(([, { os }]) => os?.[0] !== "none")
      .map(([path]) => path.slice("node_modules/@node-llama-cpp/".length));
    expect(wanted).toEqual(["linux-arm64", "linux-x64", "mac-arm64-metal", "mac-x64"]);
  });

  it("is verified by its hash, but for optional packages of other systems", ({ expect }) => {
    const unverified = Object.entries(lock.packages)
      .filter(([path, { integrity, optional }]) => path !== "" && !integrity && !optional)
      .map(([path]) => path);
    expect(unverified).toEqual([]);
  });

  it.for([
    ["linux", "x64", true, undefined],
    ["linux", "arm64", true, undefined],
    ["darwin", "arm64", false, undefined],
    ["linux", "x64", false, "linux-x64 without glibc"],
    ["linux", "riscv64", true, "linux-riscv64"],
    ["win32", "x64", false, "win32-x64"],
  ] as const)("fits %s on %s, glibc %s: %s", ([platform, arch, glibc, expected], { expect }) => {
    expect(unsupportedMachine(platform, arch, glibc)).toBe(expected);
  });
});

const LIBRARY = "node_modules/node-llama-cpp/dist";

/** A project's folder, and a program in npm's place. */
function withNpm(script: string): { root: string; notes: string[]; install(): Promise<void> } {
  const root = mkdtempSync(join(tmpdir(), "rockpool-engine-"));
  const { PATH } = process.env;
  onTestFinished(() => {
    process.env.PATH = PATH;
    rmSync(root, { recursive: true, force: true });
  });
  cpSync(ENGINE, join(root, "local-runtime", "model-server", "engine"), { recursive: true });
  mkdirSync(join(root, "bin"));
  writeFileSync(join(root, "bin", "npm"), `#!/bin/sh\necho run >>${root}/runs\n${script}\n`, {
    mode: 0o700,
  });
  process.env.PATH = `${join(root, "bin")}:${PATH}`;
  const notes: string[] = [];
  return { root, notes, install: () => installEngine(root, (text) => notes.push(text)) };
}

describe.skipIf(unsupportedMachine() !== undefined)("the install of the engine", () => {
  it("says what it installs and how large that is, and happens once", async ({ expect }) => {
    const { root, notes, install } = withNpm(`mkdir -p ${LIBRARY}; touch ${LIBRARY}/index.js`);
    expect(isEngineInstalled(root)).toBe(false);
    await Promise.all([install(), install()]);
    await install();
    expect(isEngineInstalled(root)).toBe(true);
    expect(readFileSync(join(root, "runs"), "utf8")).toBe("run\n");
    expect(notes.toSorted()).toEqual([
      "another command is installing the engine; waiting for it",
      expect.stringContaining("node-llama-cpp (llama.cpp, MIT) for the processor, about 85 MB"),
    ]);
  });

  it("happens again when another version is wanted", async ({ expect }) => {
    const { root, install } = withNpm(`mkdir -p ${LIBRARY}; touch ${LIBRARY}/index.js`);
    await install();
    writeFileSync(join(root, "local-runtime/model-server/engine/package-lock.json"), "{}");
    expect(isEngineInstalled(root)).toBe(false);
    await install();
    expect(readFileSync(join(root, "runs"), "utf8")).toBe("run\nrun\n");
  });

  it.for([
    [
      'printf "npm error code ENOTFOUND\nnpm error at stack\nnpm error network reason\n" >&2; exit 1',
      "could not be installed: code ENOTFOUND, network reason.",
    ],
    ["exit 1", "could not be installed: npm did not say why."],
    ["exit 0", "could not be installed: npm left the library out."],
  ] as const)("that npm ends with %s is told", async ([script, message], { expect }) => {
    const { root, install } = withNpm(script);
    await expect(install()).rejects.toMatchObject({
      code: "model_server/install_failed",
      message: expect.stringContaining(message),
      exitStatus: 69,
    });
    expect(existsSync(join(root, ".runtime/model-engine/installed.json"))).toBe(false);
  });

  it("ends when it is not wanted any more", async ({ expect }) => {
    const { root } = withNpm("exec sleep 30");
    const stop = new AbortController();
    const installing = installEngine(root, () => stop.abort(), stop.signal);
    await expect(installing).rejects.toMatchObject({ code: "model_server/install_failed" });
  });
});
