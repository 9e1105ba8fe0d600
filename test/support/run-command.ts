/** Runs one command of the command line inside the test, on a data folder, and records what it says. */
import { join } from "node:path";
import { Command } from "commander";
import type { CommandModule } from "../../local-runtime/command.ts";
import type { Shell } from "../../local-runtime/shell.ts";

export interface CommandOutput {
  /** For people, without --json. */
  printed: string;
  /** What --json prints. */
  json: unknown[];
  notes: string[];
}

/** Throws what the command throws. */
export async function runCommand(
  module: CommandModule,
  words: readonly string[],
  dataDir: string,
): Promise<CommandOutput> {
  const printed: string[] = [];
  const json: unknown[] = [];
  const notes: string[] = [];
  const shell: Shell = {
    root: join(import.meta.dirname, "..", ".."),
    workingDir: dataDir,
    env: { ROCKPOOL_DATA: dataDir },
    json: false,
    print: (text) => void printed.push(text),
    printJson: (value) => void json.push(value),
    note: (text) => void notes.push(text),
  };
  const command = new Command("tested").exitOverride().configureOutput({ writeErr: () => {} });
  module.defineCommand(command, shell);
  await command.parseAsync([...words], { from: "user" });
  return { printed: printed.join("\n"), json, notes };
}
