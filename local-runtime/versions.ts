/** The versions of what runs here. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";

const PackageSchema = v.object({ version: v.string() });

/** Rockpool's own version, from package.json. */
export function rockpoolVersion(root: string): string {
  return packageVersion(join(root, "package.json"));
}

/** Version of the installed workerd package. */
export function workerdVersion(root: string): string {
  return packageVersion(join(root, "node_modules", "workerd", "package.json"));
}

function packageVersion(path: string): string {
  return v.parse(PackageSchema, JSON.parse(readFileSync(path, "utf8"))).version;
}

/** By the three numbers of each; below 0 where the first is older. */
export function compareVersions(one: string, other: string): number {
  const numbers = (version: string) => version.split(/[.-]/, 3).map(Number);
  const theirs = numbers(other);
  const difference = numbers(one).map((number, index) => number - (theirs[index] ?? 0));
  return difference.find((value) => value !== 0) ?? 0;
}
