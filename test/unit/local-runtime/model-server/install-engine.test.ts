import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "vitest";
import { unsupportedMachine } from "../../../../local-runtime/model-server/install-engine.ts";

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
