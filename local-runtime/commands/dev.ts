/** `rockpool dev`: the Worker under `wrangler dev`, built again at each change of a source. */
import { type ChildProcess, spawn } from "node:child_process";
import type { Command } from "commander";
import * as v from "valibot";
import { OPTIONS, type OptionName, type Options } from "../../src/config/options.ts";
import { bundle, consoleWatchCommand } from "../bundle.ts";
import { openDevVars } from "../dev-vars.ts";
import { EXIT, HostError } from "../host-error.ts";
import { LineSplitter } from "../logs/line-splitter.ts";
import { loadSettings } from "../settings.ts";
import type { Shell } from "../shell.ts";
import { rockpoolVersion } from "../versions.ts";
import { loadWranglerConfig } from "../workerd-config/wrangler-config.ts";
import { migrateLocally, spawnDev } from "../wrangler-process.ts";

const ENTRY = "local-runtime/dev.worker.ts";
const OwnerTokenSchema = v.object({ token: v.string() });

export function defineCommand(command: Command, shell: Shell): void {
  command
    .description(
      "Run the Worker under wrangler dev and build it again at each change of a source. For development: chats are kept in .wrangler/, keys in .dev.vars.",
    )
    .action(() => runDev(shell));
}

async function runDev(shell: Shell): Promise<void> {
  const { options } = loadSettings(shell);
  const { DEV_ADMIN_TOKEN } = openDevVars(shell.root);
  bundle(shell.root);
  for (const { database_name } of loadWranglerConfig(shell.root).d1_databases)
    migrateLocally(shell.root, database_name);
  const wrangler = spawnDev(shell.root, [ENTRY, ...devFlags(shell, options)]);
  const [program = "", ...args] = consoleWatchCommand(shell.root);
  const watcher = spawn(program, args, { cwd: shell.root, stdio: ["pipe", "ignore", "inherit"] });
  const children = [wrangler, watcher];
  let stopping = false;
  const stop = () => {
    stopping = true;
    for (const child of children) child.kill("SIGTERM");
  };
  process.once("SIGTERM", stop).once("SIGINT", stop);
  followOutput(wrangler, shell, (url) => {
    void showOwnerLink(shell, url, DEV_ADMIN_TOKEN);
  });
  const status = await ended(wrangler);
  const byItself = !stopping;
  stop();
  if (byItself && status !== 0)
    throw new HostError({
      code: "dev/ended",
      message: `wrangler dev ended with status ${status}.`,
      fix: "See its own words above.",
      exitStatus: EXIT.software,
    });
}

function devFlags(shell: Shell, options: Options): string[] {
  const names = Object.keys(OPTIONS) as OptionName[]; // Object.keys widens the table's keys to string
  const text = names
    .filter((name) => OPTIONS[name].worker)
    .map((name) => `${name}:${String(options[name])}`);
  return [
    `--ip=${options.HOST}`,
    `--port=${options.PORT}`,
    "--live-reload",
    "--show-interactive-dev-session=false",
    "--var",
    ...text,
    `ROCKPOOL_VERSION:${rockpoolVersion(shell.root)}`,
  ];
}

/** Passes wrangler's lines on; calls back once, with the address, when it serves. */
function followOutput(child: ChildProcess, shell: Shell, onReady: (url: string) => void): void {
  let ready = false;
  const splitter = new LineSplitter((line) => {
    shell.print(line);
    const url = /Ready on (http:\S+)/.exec(line)?.[1];
    if (url === undefined || ready) return;
    ready = true;
    onReady(url);
  });
  child.stdout?.on("data", (bytes: Buffer) => splitter.push(bytes));
}

async function showOwnerLink(shell: Shell, url: string, token: string): Promise<void> {
  try {
    const response = await fetch(`${url}/__admin/owner-link`, {
      method: "POST",
      headers: { "x-rockpool-dev-token": token },
    });
    const { token: owner } = v.parse(OwnerTokenSchema, await response.json());
    const ownerLink = `${url}/#owner=${owner}`;
    shell.print(`\nWeb chat   ${ownerLink}\n           signs you in, once\n`);
    shell.printJson({ url, ownerLink });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    shell.note(`serving at ${url}, but there is no owner link: ${reason}`);
  }
}

/** The exit status; 0 where a signal has ended it. */
function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 0));
  });
}
