/** What comes from others: every package with a reason, a licence, a hash, and no script that runs at its installation. */
import { describe, it } from "vitest";
import {
  LOCKS,
  type LockEntry,
  type LockFile,
  listPackages,
  loadLock,
} from "../../scripts/package-locks.ts";
import { findFaults, SCRIPTS_LEFT_OUT } from "../../scripts/package-policy.ts";
import { settleBom } from "../../scripts/release-bom.ts";
import { listProjectFiles, PROJECT_ROOT, readProjectFile } from "../support/project-files.ts";

interface Manifest {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}

const manifest: Manifest = JSON.parse(readProjectFile("package.json"));
const EXACT = /^\d+\.\d+\.\d+$/;

/** Packages that a document gives no reason for. */
function findUnexplained({ dependencies, devDependencies }: Manifest, text: string): string[] {
  const rows = [...text.matchAll(/^\| (`.+`) \| (.{8,}) \| (.{10,}) \|$/gm)].map(
    ([, names = ""]) => names,
  );
  const [, development = ""] = /^For development only: (.+)/m.exec(text) ?? [];
  return [
    ...Object.keys(dependencies).filter((name) => !rows.some((row) => row.includes(`\`${name}\``))),
    ...Object.keys(devDependencies).filter(
      (name) => !/types/.test(name) && !development.includes(`\`${name}\``),
    ),
  ];
}

function namesIn(text: string): string[] {
  const { dependencies = {}, optionalDependencies = {} } = JSON.parse(text);
  return Object.keys({ ...dependencies, ...optionalDependencies });
}

function lockOf(name: string, entry: Partial<LockEntry>): LockFile {
  const whole = { version: "1.0.0", license: "MIT", integrity: "sha512-x", ...entry };
  return { packages: { "": { version: "0.1.0" }, [`node_modules/${name}`]: whole } };
}

describe("a package that package.json names", () => {
  it("has its line of reason in the architecture", ({ expect }) => {
    expect(findUnexplained(manifest, readProjectFile("docs/architecture.md"))).toEqual([]);
  });

  it("has one also where it is installed beside, by a lock of its own", ({ expect }) => {
    const text = readProjectFile("docs/architecture.md");
    const [, beside = ""] = /^(Installed into [\s\S]+?)\n\n/m.exec(text) ?? [];
    const names = Object.values(LOCKS)
      .filter((path) => path !== LOCKS.project)
      .flatMap((path) => namesIn(readProjectFile(path.replace("package-lock", "package"))));
    expect(names).toContain("node-llama-cpp");
    expect(names.filter((name) => !beside.includes(`\`${name}\``))).toEqual([]);
  });

  it("is found where it has none", ({ expect }) => {
    const text = readProjectFile("docs/architecture.md");
    const more = (name: string) => ({ ...manifest.dependencies, [name]: "1.0.0" });
    expect(findUnexplained({ ...manifest, dependencies: more("left-pad") }, text)).toEqual([
      "left-pad",
    ]);
    // Named among the packages for development is no reason to run on the box.
    expect(findUnexplained({ ...manifest, dependencies: more("knip") }, text)).toEqual(["knip"]);
    expect(
      findUnexplained({ dependencies: {}, devDependencies: { "left-pad": "1.0.0" } }, text),
    ).toEqual(["left-pad"]);
  });

  it("stands there at one exact version, as the lock does", ({ expect }) => {
    const all = { ...manifest.dependencies, ...manifest.devDependencies };
    expect(Object.entries(all).filter(([, version]) => !EXACT.test(version))).toEqual([]);
    const { packages } = loadLock(PROJECT_ROOT, LOCKS.project);
    for (const [name, version] of Object.entries(all))
      expect(`${name} ${packages[`node_modules/${name}`]?.version}`).toBe(`${name} ${version}`);
  });
});

describe("a package of a lock file", () => {
  it.for(Object.values(LOCKS))("has a licence that we take, and a hash: %s", (path, { expect }) => {
    const packages = listPackages(loadLock(PROJECT_ROOT, path));
    expect(packages.length).toBeGreaterThan(1);
    expect(findFaults(packages)).toEqual([]);
  });

  it("without a hash is a binary for a system that this registry has none of", ({ expect }) => {
    const bare = Object.values(LOCKS).flatMap((path) =>
      listPackages(loadLock(PROJECT_ROOT, path)).filter(({ hasHash }) => !hasHash),
    );
    const runtime = bare.filter(({ use }) => use === "runtime").map(({ name }) => name);
    expect(runtime.filter((name) => /linux-(64|arm64|x64)$/.test(name))).toEqual([]);
  });

  it.for([
    ["a licence that is not on the list", "x", { license: "AGPL-3.0" }, "has the licence AGPL-3.0"],
    [
      "one bad licence of two that hold",
      "x",
      { license: "MIT AND SSPL-1.0" },
      "has the licence MIT AND SSPL-1.0",
    ],
    [
      "a licence that is for another package",
      "x",
      { license: "LGPL-3.0-or-later", dev: true },
      "has the licence LGPL",
    ],
    [
      "that licence on the box",
      "@img/sharp-linux-x64",
      { license: "LGPL-3.0-or-later" },
      "has the licence LGPL",
    ],
    ["an install script", "x", { hasInstallScript: true }, "has an install script"],
  ] as const)("is found with %s", ([, name, entry, fault], { expect }) => {
    const faults = findFaults(listPackages(lockOf(name, entry)));
    expect(faults).toEqual([expect.stringContaining(`${name}@1.0.0 ${fault}`)]);
  });

  it("is found without a licence and without a hash", ({ expect }) => {
    const lock: LockFile = { packages: { "node_modules/a/node_modules/x": { version: "1.0.0" } } };
    expect(findFaults(listPackages(lock))).toEqual([
      "x@1.0.0 states no licence",
      "x@1.0.0 has no hash",
    ]);
  });

  it("passes with one good licence of several to choose from", ({ expect }) => {
    const lock = lockOf("x", { license: "(AGPL-3.0 OR Apache-2.0)" });
    expect(findFaults(listPackages(lock))).toEqual([]);
  });
});

describe("an installation", () => {
  it("runs no script of a package, wherever we call npm", ({ expect }) => {
    const calls = listProjectFiles("bin/*", "{scripts,local-runtime}/**/{*.ts,Dockerfile}")
      .flatMap((path) => readProjectFile(path).split("\n"))
      .filter((line) => /\bnpm (ci|install) ["$-]|"(ci|install)", "--/.test(line));
    expect(calls.length).toBeGreaterThanOrEqual(4);
    expect(calls.filter((line) => !line.includes("--ignore-scripts"))).toEqual([]);
    expect(readProjectFile(".npmrc")).toContain("ignore-scripts=true\n");
    expect(Object.keys(SCRIPTS_LEFT_OUT)).toEqual(["esbuild", "workerd", "node-llama-cpp"]);
  });

  it("leaves the telemetry of wrangler and miniflare switched off", ({ expect }) => {
    for (const path of ["scripts/test.ts", "local-runtime/wrangler-process.ts"]) {
      const text = readProjectFile(path);
      expect(text).toContain('WRANGLER_SEND_METRICS: "false"');
      expect(text).toContain('CLOUDFLARE_CF_FETCH_ENABLED: "false"');
    }
  });
});

describe("a bill of materials", () => {
  it("is the same whenever and wherever it is made", ({ expect }) => {
    const made = (serialNumber: string, name: string, timestamp: string, at: number) =>
      settleBom({ serialNumber, metadata: { timestamp, component: { name } } }, "rockpool", at);
    const one = made("urn:uuid:1", "folder", "2026-01-01", 1_700_000_000);
    expect(made("urn:uuid:2", "other", "2027-02-02", 1_700_000_000)).toEqual(one);
    expect(one.serialNumber).toMatch(
      /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(one.metadata).toEqual({
      timestamp: "2023-11-14T22:13:20.000Z",
      component: { name: "rockpool" },
    });
    expect(made("urn:uuid:1", "folder", "", 1_700_000_001).serialNumber).not.toBe(one.serialNumber);
  });
});
