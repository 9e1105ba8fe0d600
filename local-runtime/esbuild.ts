/** Runs esbuild as a process of its own, so that nothing of it stays in memory. */
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { EXIT, HostError } from "./host-error.ts";

const MAX_ERROR_BYTES = 1024 * 1024;

export function esbuildCommand(root: string, outDir: string, flags: readonly string[]): string[] {
  const packageFile = createRequire(join(root, "package.json")).resolve("esbuild/package.json");
  const program = join(dirname(packageFile), "bin", "esbuild");
  const common = ["--bundle", `--outdir=${outDir}`, "--tsconfig-raw={}", "--log-level=error"];
  return [process.execPath, program, ...flags, ...common, "--color=false"];
}

/** Throws build/failed. */
export function runEsbuild(root: string, outDir: string, flags: readonly string[]): void {
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
