/**
 * Bundles the Worker and the console with esbuild, when a source is newer than what stands. Each output is replaced in one
 * step and the stamp comes last, so that a build cut short is simply built again.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { BuildFailure, BuildOptions, OutputFile } from "esbuild";
import { writeFileAtomic } from "./atomic-file.ts";
import { EXIT, HostError, systemCode } from "./host-error.ts";

export interface Bundle {
  /** The Worker as one module. */
  workerFile: string;
  /** Folder with index.html, app.js and app.css. */
  consoleDir: string;
  /** False where the last build still stood. */
  built: boolean;
}

/** Throws build/failed. */
export async function bundle(root: string): Promise<Bundle> {
  const buildDir = join(root, ".runtime", "build");
  const workerFile = join(buildDir, "worker", "index.js");
  const consoleDir = join(root, ".runtime", "console");
  const stampFile = join(buildDir, "stamp");
  // Taken before the build: a source that changes meanwhile makes the next start build again.
  const stamp = describeSources(root);
  if (stamp === readStamp(stampFile)) return { workerFile, consoleDir, built: false };
  const worker = await build(workerOptions(root));
  const hasConsole = existsSync(join(root, "src", "console", "main.tsx"));
  const console = hasConsole ? await build(consoleOptions(root)) : [];
  mkdirSync(dirname(workerFile), { recursive: true });
  mkdirSync(consoleDir, { recursive: true });
  const [module] = worker;
  if (module) writeFileAtomic(workerFile, module.contents);
  for (const file of console) writeFileAtomic(file.path, file.contents);
  if (hasConsole)
    replaceCopy(join(root, "src", "console", "index.html"), join(consoleDir, "index.html"));
  writeFileAtomic(stampFile, stamp);
  return { workerFile, consoleDir, built: true };
}

function workerOptions(root: string): BuildOptions {
  return {
    absWorkingDir: root,
    entryPoints: ["src/index.ts"],
    outfile: ".runtime/build/worker/index.js",
    format: "esm",
    platform: "neutral",
    target: "es2024",
    mainFields: ["browser", "module", "main"],
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    // Names stay readable in stack traces; whitespace and dead branches only cost start-up time.
    minifySyntax: true,
    minifyWhitespace: true,
  };
}

function consoleOptions(root: string): BuildOptions {
  return {
    absWorkingDir: root,
    entryPoints: [{ in: "src/console/main.tsx", out: "app" }],
    outdir: ".runtime/console",
    format: "esm",
    platform: "browser",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
    minify: true,
    define: { "process.env.NODE_ENV": '"production"' },
  };
}

async function build(options: BuildOptions): Promise<OutputFile[]> {
  const { buildSync } = await import("esbuild");
  try {
    // Synchronous: it runs esbuild once and leaves no service process behind.
    const result = buildSync({
      ...options,
      bundle: true,
      write: false,
      logLevel: "silent",
      tsconfigRaw: {},
    });
    return result.outputFiles ?? [];
  } catch (error) {
    throw buildFailed(error);
  }
}

function buildFailed(error: unknown): HostError {
  const [first] = isBuildFailure(error) ? error.errors : [];
  const place = first?.location ? ` (${first.location.file}:${first.location.line})` : "";
  const what = first?.text ?? (error instanceof Error ? error.message : String(error));
  return new HostError({
    code: "build/failed",
    message: `The Worker cannot be bundled: ${what}${place}.`,
    fix: "Correct that line; if you have changed nothing, run `npm ci --ignore-scripts`.",
    exitStatus: EXIT.software,
    cause: error,
  });
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && "errors" in error && Array.isArray(error.errors);
}

/** Name, size and time of every file that the build reads. */
function describeSources(root: string): string {
  const names = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(tsx?|css|html|json|svg)$/.test(name))
    .map((name) => join("src", name));
  const sources = [...names, "package-lock.json", "local-runtime/bundle.ts"].sort();
  return sources
    .map((name) => {
      const { size, mtimeMs } = statSync(join(root, name));
      return `${name} ${size} ${mtimeMs}\n`;
    })
    .join("");
}

function readStamp(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function replaceCopy(from: string, to: string): void {
  const temporary = `${to}.${process.pid}.tmp`;
  copyFileSync(from, temporary);
  renameSync(temporary, to);
}
