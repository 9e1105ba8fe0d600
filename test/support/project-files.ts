/** The project's own files, as the tests of its structure and of its documents read them. */
import { globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

export const PROJECT_ROOT = join(import.meta.dirname, "..", "..");

/** What is installed, built or kept here, and is no part of the project. */
const FOREIGN = new Set([
  ".git",
  ".runtime",
  ".wrangler",
  "coverage",
  "data",
  "dist",
  "node_modules",
]);

/** Paths of files from the project's folder, in order. */
export function listProjectFiles(...patterns: string[]): string[] {
  const isForeign = (path: string) => path.split("/").some((part) => FOREIGN.has(part));
  return globSync(patterns, { cwd: PROJECT_ROOT, exclude: isForeign })
    .filter((path) => !isForeign(path) && statSync(join(PROJECT_ROOT, path)).isFile())
    .sort();
}

export function readProjectFile(path: string): string {
  return readFileSync(join(PROJECT_ROOT, path), "utf8");
}
