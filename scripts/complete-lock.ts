/**
 * `npm run lock`: brings package-lock.json in step with package.json, for the project and for the engine of the built-in
 * model server, and completes it where the registry at hand does not carry the optional binaries of other platforms:
 * `npm ci` refuses a lock that leaves them out. A completed entry states version, system and processor, so that it is
 * installed on its own platform and passed over on others.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface LockEntry {
  version?: string;
  optionalDependencies?: Record<string, string>;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
}

const systems = [
  "aix",
  "android",
  "darwin",
  "freebsd",
  "linux",
  "netbsd",
  "openbsd",
  "openharmony",
  "sunos",
  "win32",
];
const processors = [
  "arm64",
  "arm",
  "x64",
  "ia32",
  "loong64",
  "mips64el",
  "ppc64",
  "riscv64",
  "s390x",
  "wasm32",
];
/** Names that packages use for a system or a processor, and what npm calls it. */
const synonyms: Record<string, string> = {
  windows: "win32",
  win: "win32",
  mac: "darwin",
  "64": "x64",
};

/** Binaries of the engine state more systems than they are for; their names are exact. */
const NAMED_AFTER_PLATFORM = /^node_modules\/@node-llama-cpp\//;
/**
 * Of the engine: binaries for graphics cards, some hundred megabytes each, and for machines that are not served. They are
 * given a system that no machine has: `npm ci` would refuse a lock without them.
 */
const LEFT_OUT = /@reflink\/|@node-llama-cpp\/(win|.*(cuda|vulkan|armv7l|riscv64))/;

function platformOf(name: string): Pick<LockEntry, "os" | "cpu" | "libc"> {
  const words = name.split(/[/-]/).map((word) => synonyms[word] ?? word);
  const os = words.filter((word) => systems.includes(word));
  const cpu = words.filter((word) => processors.includes(word));
  const libc = words.includes("musl") ? ["musl"] : words.includes("gnu") ? ["glibc"] : [];
  return {
    ...(cpu.length > 0 ? { cpu } : {}),
    ...(libc.length > 0 ? { libc } : {}),
    ...(os.length > 0 ? { os } : {}),
  };
}

/** Where an optional package at an exact version belongs in the tree; undefined where it stands already. */
function missingPlace(
  packages: Record<string, LockEntry>,
  path: string,
  name: string,
  version: string,
): string | undefined {
  const nested = `${path}/node_modules/${name}`;
  const hoisted = `node_modules/${name}`;
  const stands = [nested, hoisted].some((place) => packages[place]?.version === version);
  if (stands || !/^\d/.test(version)) return undefined;
  return packages[hoisted] ? nested : hoisted;
}

function complete(packages: Record<string, LockEntry>): number {
  let added = 0;
  for (const [path, entry] of Object.entries(packages)) {
    const dev = entry.dev ? { dev: true } : {};
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const place = missingPlace(packages, path, name, version);
      if (place === undefined) continue;
      packages[place] = { version, ...platformOf(name), ...dev, optional: true };
      added += 1;
    }
  }
  return added;
}

function writeLock(folder: string, adjust: (path: string, entry: LockEntry) => void): void {
  const file = join(folder, "package-lock.json");
  const args = ["install", "--package-lock-only", "--ignore-scripts"];
  spawnSync("npm", args, { cwd: folder, stdio: "inherit" });
  const lock: { packages: Record<string, LockEntry> } = JSON.parse(readFileSync(file, "utf8"));
  const added = complete(lock.packages);
  for (const [path, entry] of Object.entries(lock.packages)) adjust(path, entry);
  lock.packages = Object.fromEntries(
    Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
  );
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`${file}: ${added} entries completed`);
}

writeLock(".", () => {});
writeLock(join("local-runtime", "model-server", "engine"), (path, entry) => {
  if (NAMED_AFTER_PLATFORM.test(path)) Object.assign(entry, platformOf(path));
  if (LEFT_OUT.test(path)) entry.os = ["none"];
});
