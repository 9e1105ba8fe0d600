/** `rockpool up`: serves until it is told to stop; what `npm start` runs. */
import { spawn } from "node:child_process";
import type { Command } from "commander";
import { outliveReader } from "../lost-output.ts";
import { programFile } from "../programs.ts";
import { loadSettings } from "../settings.ts";
import type { Shell } from "../shell.ts";
import { openServer } from "../supervisor/server.ts";
import { obeySignals } from "../supervisor/signals.ts";

export function defineCommand(command: Command, shell: Shell): void {
  command
    .description(
      "Start the server and stay with it: bundles what has changed, applies migrations, starts workerd and starts it again when it ends by itself. Ctrl-C stops it.",
    )
    .action(() => runUp(shell));
}

async function runUp(shell: Shell): Promise<void> {
  const settings = loadSettings(shell);
  for (const unknown of settings.unknownOptions) shell.note(unknown);
  const server = await openServer(shell, settings);
  outliveReader();
  obeySignals(server.supervisor);
  try {
    await server.supervisor.run(() => showStartScreen(shell, server.dataDir));
  } finally {
    await server.close();
  }
}

/** In a process of its own; the server goes on whatever becomes of it. */
function showStartScreen(shell: Shell, dataDir: string): void {
  const program = programFile(shell.root, "greeting");
  const format = shell.json ? ["--json"] : [];
  const child = spawn(process.execPath, [...process.execArgv, program, dataDir, ...format], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  child.on("error", (error) => shell.note(`the start screen cannot be shown: ${error.message}`));
}
