/**
 * Bundles the host's own programs, the Worker and the console when a source has changed. Nothing is replaced before all
 * of it is built, and the stamp comes last: a build cut short is simply built again.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeAscii } from "./ascii-source.ts";
import { removeFile, syncFolder, writeFileAtomic } from "./atomic-file.ts";
import { esbuildCommand, runEsbuild } from "./esbuild.ts";
import { systemCode } from "./host-error.ts";
import { BUNDLED_PROGRAMS, isBundled, PROGRAMS } from "./programs.ts";
import { listModules, removeOtherModules, WORKER_ENTRY } from "./worker-modules.ts";

export interface Bundle {
  /** Entry of the Worker; its other modules lie beside it. */
  workerFile: string;
  /** Folder with index.html, app.js and app.css. */
  consoleDir: string;
  /** False where the last build still stood. */
  built: boolean;
}

export const HOST_FLAGS = [
  ...Object.entries(PROGRAMS).map(([name, source]) => `${name}=${source}`),
  "--format=esm",
  "--platform=node",
  "--target=node22",
  // Packages in CommonJS ask for Node's modules by it.
  '--banner:js=const require=process.getBuiltinModule("node:module").createRequire(import.meta.url);',
];

export const WORKER_FLAGS = [
  "src/index.ts",
  "--format=esm",
  "--platform=neutral",
  "--target=es2024",
  "--main-fields=browser,module,main",
  "--conditions=workerd,worker,browser",
  "--external:cloudflare:*",
  "--external:node:*",
  // What import() names becomes a module of its own, which is run at its first use.
  "--splitting",
  // Names stay, for stack traces; whitespace and dead branches only cost start-up time.
  "--minify-syntax",
  "--minify-whitespace",
];

const CONSOLE_FLAGS = [
  "app=src/console/main.tsx",
  "--format=esm",
  "--platform=browser",
  "--target=es2022",
  "--jsx=automatic",
  "--jsx-import-source=preact",
  "--minify",
  '--define:process.env.NODE_ENV="production"',
];

/** What is to be served: a program that is bundled itself was so together with it. Throws build/failed. */
export function openBundle(root: string): Bundle {
  return isBundled ? { ...outputsOf(root), built: false } : bundle(root);
}

/** Throws build/failed. */
export function bundle(root: string): Bundle {
  const buildDir = join(root, ".runtime", "build");
  const stampFile = join(buildDir, "stamp");
  const outputs = outputsOf(root);
  // Taken before the build: a source that changes meanwhile makes the next start build again.
  const stamp = describeSources(root);
  if (stamp === readStamp(stampFile)) return { ...outputs, built: false };
  const unfinished = join(buildDir, `unfinished-${process.pid}`);
  try {
    runEsbuild(root, join(unfinished, "worker"), WORKER_FLAGS);
    runEsbuild(root, join(unfinished, "console"), CONSOLE_FLAGS);
    runEsbuild(root, join(unfinished, "host"), HOST_FLAGS);
    for (const program of ["worker", "host"]) makeAscii(join(unfinished, program));
    const page = join(root, "src", "console", "index.html");
    copyFileSync(page, join(unfinished, "console", "index.html"));
    removeFile(stampFile);
    replaceWorker(join(unfinished, "worker"), dirname(outputs.workerFile));
    replaceFiles(join(unfinished, "console"), outputs.consoleDir);
    replaceFiles(join(unfinished, "host"), join(root, BUNDLED_PROGRAMS));
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  writeFileAtomic(stampFile, stamp);
  return { ...outputs, built: true };
}

function outputsOf(root: string): Omit<Bundle, "built"> {
  return {
    workerFile: join(root, ".runtime", "build", "worker", WORKER_ENTRY),
    consoleDir: join(root, ".runtime", "console"),
  };
}

/** The command that bundles the console again at each change, until its standard input is closed. */
export function consoleWatchCommand(root: string): string[] {
  const outDir = join(root, ".runtime", "console");
  return [...esbuildCommand(root, outDir, CONSOLE_FLAGS), "--watch"];
}

/** The entry comes after what it names, and goes before what the last one named. */
function replaceWorker(from: string, to: string): void {
  const names = listModules(from);
  mkdirSync(to, { recursive: true });
  for (const name of names.toReversed()) renameSync(join(from, name), join(to, name));
  syncFolder(to);
  removeOtherModules(to, new Set(names));
}

function replaceFiles(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) renameSync(join(from, name), join(to, name));
  syncFolder(to);
}

/** What bin/rockpool asks too, before it runs what was bundled. */
function describeSources(root: string): string {
  return execFileSync(join(root, "bin", "source-sum"), { encoding: "utf8" });
}

function readStamp(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
