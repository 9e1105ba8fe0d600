/**
 * What a package must satisfy to be in a lock file: a licence that we take, no install script but the named ones, a hash.
 * Pure; answers one sentence for each fault. test/unit/supply-chain.test.ts holds the lock files to it.
 */
import type { LockedPackage } from "./package-locks.ts";

/** Licences that ask for no more than their text, or, as MPL does, for changes to their own files. */
const LICENCES: ReadonlySet<string> = new Set([
  "0BSD",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "BlueOak-1.0.0",
  "CC0-1.0",
  "ISC",
  "LGPL-3.0-or-later",
  "MIT",
  "MPL-2.0",
  "PSF-2.0",
]);

/** Taken for these packages only. They are used by developers, by linking at run time, and are not passed on. */
const ONLY_FOR: Readonly<Record<string, RegExp>> = {
  "LGPL-3.0-or-later": /^@img\/sharp-/,
};

/** Packages whose install script is never run, and why nothing is missed. */
export const SCRIPTS_LEFT_OUT: Readonly<Record<string, string>> = {
  esbuild: "looks for its binary, which comes as an optional package of its own",
  workerd: "looks for its binary, which comes as an optional package of its own",
  "node-llama-cpp": "would compile llama.cpp; its binaries come as optional packages",
};

export function findFaults(packages: readonly LockedPackage[]): string[] {
  return packages.flatMap((item) =>
    [licenceFault(item), scriptFault(item), hashFault(item)].filter((fault) => fault !== undefined),
  );
}

function licenceFault({ name, version, licence, use }: LockedPackage): string | undefined {
  if (licence === undefined) return `${name}@${version} states no licence`;
  if (isTaken(licence, name, use)) return undefined;
  return `${name}@${version} has the licence ${licence}, which is not on the list`;
}

/** SPDX expressions as npm has them: one licence, or several with one word between. */
function isTaken(expression: string, name: string, use: LockedPackage["use"]): boolean {
  const text = expression.replace(/^\((.*)\)$/, "$1");
  if (text.includes(" OR ")) return text.split(" OR ").some((part) => isTaken(part, name, use));
  return text.split(" AND ").every((licence) => {
    const only = ONLY_FOR[licence];
    return LICENCES.has(licence) && (!only || (only.test(name) && use === "development"));
  });
}

function scriptFault({ name, version, hasInstallScript }: LockedPackage): string | undefined {
  if (!hasInstallScript || Object.hasOwn(SCRIPTS_LEFT_OUT, name)) return undefined;
  return `${name}@${version} has an install script that nobody has looked at`;
}

function hashFault({ name, version, hasHash, isPlatformBinary }: LockedPackage) {
  return hasHash || isPlatformBinary ? undefined : `${name}@${version} has no hash`;
}
