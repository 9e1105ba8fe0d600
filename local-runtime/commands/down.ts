/** `rockpool down`: asks the server of this data folder to stop, and waits until it has. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { EXIT, HostError } from "../host-error.ts";
import { loadSettings } from "../settings.ts";
import type { Shell } from "../shell.ts";
import { findHolder, type Holder } from "../supervisor/lock.ts";
import { DRAIN_MS } from "../supervisor/supervisor.ts";

const POLL_MS = 50;
const MAX_WAIT_MS = DRAIN_MS + 4_000;

export function defineCommand(command: Command, shell: Shell): void {
  command
    .description(
      "Stop the server of this data folder. Requests in flight may end, for up to 8 seconds; nothing that was accepted is lost.",
    )
    .action(() => runDown(shell));
}

async function runDown(shell: Shell): Promise<void> {
  const { dataDir } = loadSettings(shell);
  const holder = findHolder(dataDir);
  if (holder === undefined)
    return answer(shell, false, "No server is running on this data folder.");
  signal(holder);
  const deadlineMs = performance.now() + MAX_WAIT_MS;
  while (findHolder(dataDir) !== undefined) {
    if (performance.now() > deadlineMs) throw stillRunning(holder);
    await sleep(POLL_MS);
  }
  answer(shell, true, "Stopped.");
}

function answer(shell: Shell, stopped: boolean, text: string): void {
  shell.print(text);
  shell.printJson({ stopped });
}

function signal(holder: Holder): void {
  if (holder.purpose !== "up")
    throw new HostError({
      code: "data/in_use",
      message: `No server runs: \`rockpool ${holder.purpose}\` works on the data folder (process ${holder.pid}).`,
      fix: "Wait until it has ended.",
      exitStatus: EXIT.temporary,
    });
  try {
    process.kill(holder.pid, "SIGTERM");
  } catch (error) {
    throw new HostError({
      code: "server/no_access",
      message: `The server (process ${holder.pid}) cannot be told to stop.`,
      fix: "Run the command as the user that the server runs as.",
      exitStatus: EXIT.permission,
      cause: error,
    });
  }
}

function stillRunning(holder: Holder): HostError {
  return new HostError({
    code: "server/does_not_stop",
    message: `The server (process ${holder.pid}) has not stopped after ${MAX_WAIT_MS / 1000} seconds.`,
    fix: `End it with \`kill -9 ${holder.pid}\`: nothing stored is lost.`,
    exitStatus: EXIT.temporary,
  });
}
