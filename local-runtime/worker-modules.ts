/**
 * The modules of the bundled Worker: the entry, and those that it loads, on first use most of them. These are named after
 * their content, so that an entry can only be together with the modules of its own build. A run has copies of its own.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { removeFile, writeFileAtomic } from "./atomic-file.ts";
import { systemCode } from "./host-error.ts";

export const WORKER_ENTRY = "index.js";

/** As esbuild writes imports, static ones and those on first use. */
const IMPORTED = /\b(?:from|import)\s*\(?\s*"\.\/([\w.-]+\.js)"/g;

/** Names of the modules in a folder, the entry first. */
export function listModules(dir: string): string[] {
  const others = readdirSync(dir).filter((name) => name.endsWith(".js") && name !== WORKER_ENTRY);
  return [WORKER_ENTRY, ...others.sort()];
}

/**
 * Copies the entry and all that it names to `dir`, and removes what earlier builds left there. The entry comes last: what
 * it names is there then. A build meanwhile that takes a module away makes this throw; it cannot be mixed with another's.
 */
export function copyWorker(entryFile: string, dir: string): void {
  const entry = readFileSync(entryFile);
  const names = new Set<string>([WORKER_ENTRY]);
  const waiting = [entry];
  for (let content = waiting.pop(); content; content = waiting.pop()) {
    for (const name of findImported(content.toString())) {
      if (names.has(name)) continue;
      names.add(name);
      const module = readFileSync(join(dirname(entryFile), name));
      replaceFile(join(dir, name), module);
      waiting.push(module);
    }
  }
  replaceFile(join(dir, WORKER_ENTRY), entry);
  removeOtherModules(dir, names);
}

/** Names of the modules that a module imports. */
export function findImported(source: string): string[] {
  return Array.from(source.matchAll(IMPORTED), ([, name = ""]) => name);
}

/** Modules of earlier builds: nothing names them any more. */
export function removeOtherModules(dir: string, names: ReadonlySet<string>): void {
  for (const name of listModules(dir)) if (!names.has(name)) removeFile(join(dir, name));
}

/** A file that is the same already stays: a write that is to last takes the disk its time. */
function replaceFile(path: string, content: Buffer): void {
  if (readPresent(path)?.equals(content) !== true) writeFileAtomic(path, content);
}

function readPresent(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
