/** `rockpool up`: serves until it is told to stop; what `npm start` runs. */
import type { Command } from "commander";
import type { RunState } from "../run-state.ts";
import { openServer } from "../server.ts";
import { loadSettings, type Settings } from "../settings.ts";
import type { Shell } from "../shell.ts";
import { obeySignals } from "../signals.ts";

export function defineCommand(command: Command, shell: Shell): void {
  command
    .description(
      "Start the server and stay with it: bundles what has changed, applies migrations, starts workerd and starts it again when it ends by itself. Ctrl-C stops it.",
    )
    .action(() => runUp(shell));
}

async function runUp(shell: Shell): Promise<void> {
  const settings = loadSettings(shell);
  const server = await openServer(shell, settings);
  const ignoreSignals = obeySignals(server.supervisor);
  try {
    await server.supervisor.run((state) => {
      void greet(shell, settings, server.dataDir, state);
    });
  } finally {
    ignoreSignals();
    server.close();
  }
}

/** Shows the start screen. The server serves already, and goes on when this fails. */
async function greet(
  shell: Shell,
  settings: Settings,
  dataDir: string,
  state: RunState,
): Promise<void> {
  try {
    const { loadStartFacts, renderStart } = await import("../greeting.ts");
    const facts = await loadStartFacts(state, settings.options.ROCKPOOL_MODEL_URL, dataDir);
    const { text, json } = renderStart(facts);
    shell.print(text);
    shell.printJson(json);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    shell.note(`serving at ${state.url}, but it cannot say more: ${reason}`);
  }
}
