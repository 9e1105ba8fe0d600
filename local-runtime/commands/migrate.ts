/** `rockpool migrate`: what `up` does to the database, without serving. */
import type { Command } from "commander";
import { explainFileErrors } from "../data-folder.ts";
import { acquireLock } from "../lock.ts";
import { openMasterKey } from "../master-key.ts";
import { endOrphans } from "../orphans.ts";
import { finishRestore } from "../restore-swap.ts";
import { configFile } from "../run-files.ts";
import { migrateFolder, openFolder } from "../server.ts";
import { loadSettings } from "../settings.ts";
import type { Shell } from "../shell.ts";
import { loadWranglerConfig } from "../wrangler-config.ts";

export function defineCommand(command: Command, shell: Shell): void {
  command
    .description(
      "Bring the log database up to date. `npm start` does so by itself; this is for looking at it first. The server must be down.",
    )
    .action(() => runMigrate(shell));
}

async function runMigrate(shell: Shell): Promise<void> {
  const folder = openFolder(loadSettings(shell).dataDir);
  const lock = explainFileErrors(folder.root, () => acquireLock(folder.root, "migrate"));
  try {
    await endOrphans(configFile(folder));
    if (finishRestore(folder)) shell.note("completed a restore that was cut off");
    openMasterKey(folder);
    const { applied, copy } = migrateFolder(shell.root, folder, loadWranglerConfig(shell.root));
    const kept = copy === undefined ? "" : `\nA copy from before is in ${copy}.`;
    shell.print(applied.length > 0 ? `Applied ${applied.join(", ")}.${kept}` : "Up to date.");
    shell.printJson({ applied, copy: copy ?? null });
  } finally {
    lock.release();
  }
}
