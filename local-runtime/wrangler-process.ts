/** Runs wrangler, a development package: quietly, without telemetry and without a look at the network. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { EXIT, HostError } from "./host-error.ts";

const QUIET = {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_HIDE_BANNER: "true",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  CI: "true",
};

/** Applies migrations/*.sql to the database of `wrangler dev`. */
export function migrateLocally(root: string, databaseName: string): void {
  const words = ["d1", "migrations", "apply", databaseName, "--local"];
  try {
    execFileSync(process.execPath, [findWrangler(root), ...words], {
      cwd: root,
      env: { ...process.env, ...QUIET },
      stdio: ["ignore", "ignore", "pipe"],
      encoding: "utf8",
    });
  } catch (error) {
    throw new HostError({
      code: "migration/failed",
      message: `wrangler could not apply the migrations: ${firstLine(error)}.`,
      fix: "Correct the migration, or remove .wrangler/ to begin anew.",
      exitStatus: EXIT.software,
      cause: error,
    });
  }
}

/** `wrangler dev` with these words after it; its standard output is a pipe. */
export function spawnDev(root: string, words: readonly string[]): ChildProcess {
  return spawn(process.execPath, [findWrangler(root), "dev", ...words], {
    cwd: root,
    env: { ...process.env, ...QUIET },
    stdio: ["ignore", "pipe", "inherit"],
  });
}

function findWrangler(root: string): string {
  try {
    const packageFile = createRequire(join(root, "package.json")).resolve("wrangler/package.json");
    return join(dirname(packageFile), "bin", "wrangler.js");
  } catch (error) {
    throw new HostError({
      code: "dev/not_installed",
      message: "wrangler is not installed: this folder has the packages for running only.",
      fix: "Run `npm ci --ignore-scripts` in the project's folder, then this again.",
      exitStatus: EXIT.unavailable,
      cause: error,
    });
  }
}

function firstLine(error: unknown): string {
  const stderr = error instanceof Error && "stderr" in error ? String(error.stderr) : "";
  return stderr.trim().split("\n")[0] || "it does not run";
}
