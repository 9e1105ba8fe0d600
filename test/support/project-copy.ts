/** A copy of the project for tests that change its files: own sources and migrations, the same packages and Node. */
import { cpSync, mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..", "..");
const COPIED = [
  "bin",
  "local-runtime",
  "migrations",
  "package-lock.json",
  "package.json",
  "src",
  "wrangler.toml",
];

/** Answers the folder of the copy; whoever asked for it removes it. */
export function copyProject(): string {
  const copy = mkdtempSync(join(tmpdir(), "rockpool-project-"));
  for (const name of COPIED) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  mkdirSync(join(copy, ".runtime"));
  symlinkSync(realpathSync(join(ROOT, ".runtime", "node")), join(copy, ".runtime", "node"));
  // Newer than the lock file: nothing is to be installed.
  writeFileSync(join(copy, ".runtime", "installed-all"), "");
  return copy;
}
