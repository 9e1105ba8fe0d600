/** Every package that the project's lock files name, with its licence: the project's own, the pinned Node's, the engine's. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What a lock file is for, and where it lies. */
export const LOCKS = {
  project: "package-lock.json",
  node: "local-runtime/node/package-lock.json",
  "model engine": "local-runtime/model-server/engine/package-lock.json",
} as const;

export interface LockEntry {
  version: string;
  license?: string;
  integrity?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string | string[];
  cpu?: string | string[];
  libc?: string | string[];
  hasInstallScript?: boolean;
  optionalDependencies?: Record<string, string>;
}

export interface LockFile {
  packages: Record<string, LockEntry>;
}

export interface LockedPackage {
  name: string;
  version: string;
  /** An SPDX expression; undefined where neither the lock nor the package that it is a binary of states one. */
  licence: string | undefined;
  /** Where it is used: on the box, or by developers only. */
  use: "runtime" | "development";
  hasInstallScript: boolean;
  hasHash: boolean;
  /** A binary for one system, passed over on all others. */
  isPlatformBinary: boolean;
}

export function loadLock(root: string, path: string): LockFile {
  return JSON.parse(readFileSync(join(root, path), "utf8"));
}

/** All but the project itself, by path in the tree. */
export function listPackages({ packages }: LockFile): LockedPackage[] {
  const parents = licencesOfParents(packages);
  return Object.entries(packages)
    .filter(([path]) => path !== "")
    .map(([path, entry]) => {
      const name = nameAt(path);
      return {
        name,
        version: entry.version,
        licence: entry.license ?? parents.get(`${name}@${entry.version}`),
        use: entry.dev ? "development" : "runtime",
        hasInstallScript: entry.hasInstallScript === true,
        hasHash: entry.integrity !== undefined,
        isPlatformBinary:
          entry.optional === true &&
          [entry.os, entry.cpu, entry.libc].some((only) => only !== undefined),
      };
    });
}

function nameAt(path: string): string {
  return path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
}

/** A binary that the registry at hand did not carry has no licence of its own in the lock: it is a part of its parent. */
function licencesOfParents(packages: LockFile["packages"]): Map<string, string> {
  return new Map(
    Object.values(packages).flatMap(({ license, optionalDependencies = {} }) =>
      license === undefined
        ? []
        : Object.entries(optionalDependencies).map(
            ([name, version]) => [`${name}@${version}`, license] as const,
          ),
    ),
  );
}
