/**
 * Bundles the Worker and the console when a source is newer than what stands. esbuild runs as a process of its own, so that
 * nothing of it stays in memory. Each output is replaced in one step and the stamp comes last: a build cut short is
 * simply built again.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { syncFolder, writeFileAtomic } from "./atomic-file.ts";
import { EXIT, HostError, systemCode } from "./host-error.ts";

export interface Bundle {
  /** The Worker as one module. */
  workerFile: string;
  /** Folder with index.html, app.js and app.css. */
  consoleDir: string;
  /** False where the last build still stood. */
  built: boolean;
}

const MAX_ERROR_BYTES = 1024 * 1024;

const WORKER_FLAGS = [
  "src/index.ts",
  "--format=esm",
  "--platform=neutral",
  "--target=es2024",
  "--main-fields=browser,module,main",
  "--conditions=workerd,worker,browser",
  "--external:cloudflare:*",
  "--external:node:*",
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

/** Throws build/failed. */
export function bundle(root: string): Bundle {
  const buildDir = join(root, ".runtime", "build");
  const workerDir = join(buildDir, "worker");
  const consoleDir = join(root, ".runtime", "console");
  const stampFile = join(buildDir, "stamp");
  const done = { workerFile: join(workerDir, "index.js"), consoleDir };
  // Taken before the build: a source that changes meanwhile makes the next start build again.
  const stamp = describeSources(root);
  if (stamp === readStamp(stampFile)) return { ...done, built: false };
  const unfinished = join(buildDir, `unfinished-${process.pid}`);
  try {
    runEsbuild(root, join(unfinished, "worker"), WORKER_FLAGS);
    replaceFiles(join(unfinished, "worker"), workerDir);
    runEsbuild(root, join(unfinished, "console"), CONSOLE_FLAGS);
    const page = join(root, "src", "console", "index.html");
    copyFileSync(page, join(unfinished, "console", "index.html"));
    replaceFiles(join(unfinished, "console"), consoleDir);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  writeFileAtomic(stampFile, stamp);
  return { ...done, built: true };
}

/** The command that bundles the console again at each change, until its standard input is closed. */
export function consoleWatchCommand(root: string): string[] {
  const outDir = join(root, ".runtime", "console");
  return [...esbuildCommand(root, outDir, CONSOLE_FLAGS), "--watch"];
}

function esbuildCommand(root: string, outDir: string, flags: readonly string[]): string[] {
  const packageFile = createRequire(join(root, "package.json")).resolve("esbuild/package.json");
  const program = join(dirname(packageFile), "bin", "esbuild");
  const common = ["--bundle", `--outdir=${outDir}`, "--tsconfig-raw={}", "--log-level=error"];
  return [process.execPath, program, ...flags, ...common, "--color=false"];
}

function runEsbuild(root: string, outDir: string, flags: readonly string[]): void {
  const [program = "", ...args] = esbuildCommand(root, outDir, flags);
  try {
    execFileSync(program, args, {
      cwd: root,
      stdio: ["ignore", "ignore", "pipe"],
      encoding: "utf8",
      maxBuffer: MAX_ERROR_BYTES,
    });
  } catch (error) {
    throw buildFailed(error);
  }
}

function replaceFiles(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) renameSync(join(from, name), join(to, name));
  syncFolder(to);
}

/** esbuild writes `✘ [ERROR] what`, an empty line, and `    file:line:column:`. */
function buildFailed(error: unknown): HostError {
  const stderr = error instanceof Error && "stderr" in error ? String(error.stderr) : "";
  const what = /\[ERROR\] (.*)/.exec(stderr)?.[1] ?? (stderr.trim() || "esbuild cannot be run");
  const place = /^ +(\S+:\d+):\d+:$/m.exec(stderr)?.[1];
  return new HostError({
    code: "build/failed",
    message: `The Worker cannot be bundled: ${what}${place ? ` (${place})` : ""}.`,
    fix: "Correct that line; if you have changed nothing, run `npm ci --ignore-scripts`.",
    exitStatus: EXIT.software,
    cause: error,
  });
}

/** A hash of every file that the build reads: times of files do not survive a copy or a container image. */
function describeSources(root: string): string {
  const names = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(tsx?|css|html|json|svg)$/.test(name))
    .map((name) => join("src", name));
  const sources = [...names, "package-lock.json", join("local-runtime", "bundle.ts")].sort();
  const hash = createHash("sha256");
  for (const name of sources) {
    const content = readFileSync(join(root, name));
    hash.update(`${name} ${content.length}\n`).update(content);
  }
  return `${hash.digest("hex")}\n`;
}

function readStamp(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
