/** A real server for end-to-end tests: bin/rockpool on a folder of its own and a free port, and the command beside it. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { loadRunState, type RunState } from "../../local-runtime/supervisor/run-state.ts";
import { OPTIONS } from "../../src/config/options.ts";
import { QUOTA_NAMES } from "../../src/core/quotas.ts";

const ROOT = join(import.meta.dirname, "..", "..");
/** A start may have to bundle on a busy machine. */
const START_DEADLINE_MS = 60_000;
const POLL_MS = 10;

export interface CommandResult {
  status: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface StartOptions {
  env?: Record<string, string>;
  /** Default: an address where nothing listens. Null: none is stated, so that the program decides. */
  modelUrl?: string | null;
  /** Default: a new temporary folder. */
  dataDir?: string;
  /** What it reads from its standard input. */
  input?: string;
  /** Folder of the project whose bin/rockpool runs. Default: this one. */
  root?: string;
}

export interface RockpoolProcess {
  /** Without a slash at its end. */
  url: string;
  /** The same for the browser of this machine. */
  pageUrl: string;
  /** Signs the owner in, once. */
  ownerLink: string;
  dataDir: string;
  /** The supervisor. */
  pid: number;
  /** Of the present workerd: another one after each restart. */
  readonly workerdPid: number;
  readonly adminSocket: string;
  /** What it has written so far, both streams. */
  output(): string;
  /** Runs another rockpool command on the same folder. */
  run(args: readonly string[], options?: { input?: string }): Promise<CommandResult>;
  /** The end that somebody else brings about: one who is ending may die of a signal. */
  ended: Promise<CommandResult>;
  /** One SIGTERM, and the end. The folder stays. */
  stop(): Promise<CommandResult>;
  /** kill -9 of workerd; settles when its successor serves. */
  kill9Workerd(): Promise<void>;
  /** Stops it where it still runs, and removes the folder. */
  discard(): Promise<void>;
}

export async function startRockpool(options: StartOptions = {}): Promise<RockpoolProcess> {
  const dataDir = options.dataDir ?? temporaryFolder();
  const env = environment({ ...options, dataDir });
  const { child, ended, output, stdout } = launch(["up", "--json"], env, options.root);
  if (options.input !== undefined) child.stdin.end(options.input);
  const greeting = await firstJsonLine(child, stdout, output);
  const state = (): RunState => {
    const found = loadRunState(dataDir);
    if (!found) throw new Error(`no run state in ${dataDir}:\n${output()}`);
    return found;
  };
  let stopping = false;
  const stop = async (): Promise<CommandResult> => {
    // Once: a second signal would mean to end at once.
    if (!stopping) child.kill("SIGTERM");
    stopping = true;
    return await ended;
  };
  return {
    url: state().url,
    pageUrl: state().pageUrl ?? state().url,
    ownerLink: String(greeting.ownerLink),
    dataDir,
    pid: state().pid,
    get workerdPid() {
      return state().workerdPid;
    },
    get adminSocket() {
      return state().adminSocket;
    },
    output,
    ended,
    run: async (args, { input = "" } = {}) => {
      const command = launch(args, env, options.root);
      command.child.stdin.end(input);
      return await command.ended;
    },
    stop,
    kill9Workerd: async () => {
      const { generation, workerdPid } = state();
      process.kill(workerdPid, "SIGKILL");
      await until(() => (loadRunState(dataDir)?.generation ?? 0) > generation, "a new workerd");
    },
    discard: async () => {
      await stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** Runs one command to its end. `env` is laid over the defaults of every option. */
export async function runRockpool(
  args: readonly string[],
  env: Record<string, string> = {},
  { input = "", root }: { input?: string; root?: string | undefined } = {},
): Promise<CommandResult> {
  const { child, ended } = launch(args, environment({ env }), root);
  child.stdin.end(input);
  return await ended;
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), "rockpool-test-"));
}

/** Waits on a condition; fails with what was waited for. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  deadlineMs = 15_000,
): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`waited ${deadlineMs} ms for ${what}`);
    await sleep(POLL_MS);
  }
}

/** Tests write faster than people do. Those of the limits state their own. */
const TEST_QUOTAS = ["member", "guest"]
  .flatMap((role) => QUOTA_NAMES.map((name) => `${role}.${name}=none`))
  .join(",");

/** Every option is stated, so that neither the caller's environment nor a .env file changes a test. */
function environment({ env, modelUrl, dataDir }: StartOptions): Record<string, string> {
  const { PATH = "", HOME = "", TMPDIR } = process.env;
  const defaults = Object.entries(OPTIONS).map(([name, option]) => [name, String(option.default)]);
  const { ROCKPOOL_MODEL_URL: _, ...stated } = Object.fromEntries(defaults);
  return {
    PATH,
    HOME,
    ...(TMPDIR === undefined ? {} : { TMPDIR }),
    ...stated,
    PORT: "0",
    ROCKPOOL_QUOTAS: TEST_QUOTAS,
    ...(modelUrl === null ? {} : { ROCKPOOL_MODEL_URL: modelUrl ?? "http://127.0.0.1:9" }),
    ...(dataDir === undefined ? {} : { ROCKPOOL_DATA: dataDir }),
    ...env,
  };
}

function launch(args: readonly string[], env: Record<string, string>, root: string = ROOT) {
  const child = spawn(join(root, "bin", "rockpool"), args, {
    env,
    stdio: ["pipe", "pipe", "pipe"],
  });
  const chunks: string[] = [];
  const parts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      chunks.push(text);
      parts[name] += text;
    });
  }
  const ended = new Promise<CommandResult>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status, signal) => resolve({ status, signal, ...parts }));
  });
  return { child, ended, output: () => chunks.join(""), stdout: () => parts.stdout };
}

async function firstJsonLine(
  child: ChildProcess,
  stdout: () => string,
  output: () => string,
): Promise<Record<string, unknown>> {
  await until(
    () => stdout().includes("\n") || child.exitCode !== null || child.signalCode !== null,
    "rockpool up",
    START_DEADLINE_MS,
  );
  const line = stdout().split("\n")[0] ?? "";
  if (!line.startsWith('{"url"')) throw new Error(`rockpool up did not serve:\n${output()}`);
  return JSON.parse(line);
}
