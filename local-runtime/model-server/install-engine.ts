/**
 * Installs the engine of the built-in model server into .runtime/model-engine, once: llama.cpp for this machine's
 * processor, by npm, at the exact versions of engine/package-lock.json. Nothing is compiled, and no install script runs.
 */
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { writeFileAtomic } from "../atomic-file.ts";
import { EXIT, HostError, systemCode } from "../host-error.ts";
import { tryLockFile } from "../supervisor/lock.ts";
import { engineFolder, libraryFile } from "./llama-library.ts";

export const ENGINE_MEGABYTES = 85;
const INSTALL_TIMEOUT_MS = 600_000;
const POLL_MS = 200;
/** npm's own take more than a minute before they say that there is no network. */
const RETRIES = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=60000"];
const MAX_REASON_UNITS = 300;
const MAX_REASON_LINES = 4;

/** Machines that the library has a binary for, as `platform-arch`; Linux with glibc only. */
const PLATFORMS: ReadonlySet<string> = new Set([
  "linux-x64",
  "linux-arm64",
  "darwin-arm64",
  "darwin-x64",
]);

/** Undefined where this machine can run the engine; otherwise what it is. */
export function unsupportedMachine(
  platform: string = process.platform,
  arch: string = process.arch,
  hasGlibc: boolean = findGlibc(),
): string | undefined {
  const machine = `${platform}-${arch}`;
  if (!PLATFORMS.has(machine)) return machine;
  return platform === "linux" && !hasGlibc ? `${machine} without glibc` : undefined;
}

/** True where this version of the engine is installed, whole. */
export function isEngineInstalled(root: string): boolean {
  return (
    existsSync(libraryFile(root)) && readOr(marker(root)) === readFileSync(lockFile(root), "utf8")
  );
}

/**
 * Nothing happens where it is installed. `note` gets what is installed, and how large it is. Throws
 * model_server/no_binary or model_server/install_failed, the latter also where `signal` fires; a later call begins anew.
 */
export async function installEngine(
  root: string,
  note: (text: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  const machine = unsupportedMachine();
  if (machine !== undefined)
    throw new HostError({
      code: "model_server/no_binary",
      message: `There is no engine of the built-in model server for this machine (${machine}).`,
      fix: "Use Ollama instead (https://ollama.com/download), or set ROCKPOOL_MODEL_URL to a model server elsewhere.",
      exitStatus: EXIT.unavailable,
    });
  if (isEngineInstalled(root)) return;
  try {
    await installOnce(root, note, signal);
  } catch (error) {
    const code = error instanceof HostError ? undefined : systemCode(error);
    throw code === undefined ? error : installFailed(`${code} in ${engineFolder(root)}`);
  }
}

async function installOnce(
  root: string,
  note: (text: string) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  mkdirSync(engineFolder(root), { recursive: true });
  const lock = await acquire(root, note, signal);
  try {
    if (isEngineInstalled(root)) return;
    note(
      `installing the engine of the built-in model server: node-llama-cpp (llama.cpp, MIT) for the processor, about ${ENGINE_MEGABYTES} MB, into .runtime/model-engine (once)`,
    );
    for (const name of ["package.json", "package-lock.json"])
      cpSync(join(sourceFolder(root), name), join(engineFolder(root), name));
    await runNpm(engineFolder(root), signal);
    if (!existsSync(libraryFile(root))) throw installFailed("npm left the library out");
    writeFileAtomic(marker(root), readFileSync(lockFile(root)));
  } finally {
    lock.close();
  }
}

/** Two commands at once would take each other's files away; the lock goes with its process. */
async function acquire(
  root: string,
  note: (text: string) => void,
  signal: AbortSignal | undefined,
): Promise<{ close(): void }> {
  const path = join(engineFolder(root), "installing");
  const deadlineMs = performance.now() + INSTALL_TIMEOUT_MS;
  for (let tries = 0; performance.now() < deadlineMs && !signal?.aborted; tries += 1) {
    const lock = tryLockFile(path, 0);
    if (lock) return lock;
    if (tries === 0) note("another command is installing the engine; waiting for it");
    await sleep(POLL_MS);
  }
  throw installFailed("another command has not ended installing it");
}

async function runNpm(folder: string, signal: AbortSignal | undefined): Promise<void> {
  const child = spawn(
    "npm",
    ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", ...RETRIES],
    {
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
      timeout: INSTALL_TIMEOUT_MS,
      ...(signal ? { signal } : {}),
    },
  );
  let words = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    words = (words + text).slice(-8 * MAX_REASON_UNITS);
  });
  const failed = await new Promise<string | undefined>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code) => resolve(code === 0 ? undefined : words));
  });
  if (failed !== undefined) throw installFailed(failed);
}

function installFailed(words: string): HostError {
  const lines = words.split("\n").map((line) => line.replace(/^npm error ?/, "").trim());
  const telling = lines.filter((line) => line !== "" && !/^at |^A complete log/.test(line));
  const reason = telling.slice(0, MAX_REASON_LINES).join(", ").slice(0, MAX_REASON_UNITS);
  return new HostError({
    code: "model_server/install_failed",
    message: `The engine of the built-in model server could not be installed: ${reason || "npm did not say why"}.`,
    fix: "Check the network (npm ping) and the space on the disk (df -h .), then run the command again.",
    exitStatus: EXIT.unavailable,
  });
}

function sourceFolder(root: string): string {
  return join(root, "local-runtime", "model-server", "engine");
}

function lockFile(root: string): string {
  return join(sourceFolder(root), "package-lock.json");
}

/** The lock that was installed, written when all of it stands. */
function marker(root: string): string {
  return join(engineFolder(root), "installed.json");
}

function readOr(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

function findGlibc(): boolean {
  if (process.platform !== "linux") return false;
  const report: unknown = process.report.getReport();
  const header: unknown =
    typeof report === "object" && report !== null ? Reflect.get(report, "header") : {};
  return (
    typeof header === "object" && header !== null && Reflect.has(header, "glibcVersionRuntime")
  );
}
