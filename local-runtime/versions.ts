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
