/** `rockpool migrate`: what `up` does to the database, without serving. */
import type { Command } from "commander";
import { finishRestore } from "../backup/restore-swap.ts";
import { explainFileErrors } from "../data-folder.ts";
import { openMasterKey } from "../keys/master-key.ts";
import { loadSettings } from "../settings.ts";
import type { Shell } from "../shell.ts";
import { acquireLock } from "../supervisor/lock.ts";
import { endOrphans } from "../supervisor/orphans.ts";
import { configFile } from "../supervisor/run-files.ts";
import { migrateFolder, openFolder } from "../supervisor/server.ts";
import { loadWranglerConfig } from "../workerd-config/wrangler-config.ts";

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
