/**
 * `npm run lock`: brings package-lock.json in step with package.json, and completes it where the registry at hand does
 * not carry the optional binaries of other platforms: `npm ci` refuses a lock that leaves them out. A completed entry
 * states version, system and processor, so that it is installed on its own platform and passed over on others.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

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
const synonyms: Record<string, string> = { windows: "win32", "64": "x64" };

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

spawnSync("npm", ["install", "--package-lock-only", "--ignore-scripts"], { stdio: "inherit" });
const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
const added = complete(lock.packages);
lock.packages = Object.fromEntries(
  Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
);
writeFileSync("package-lock.json", `${JSON.stringify(lock, null, 2)}\n`);
console.log(`package-lock.json: ${added} entries completed`);
