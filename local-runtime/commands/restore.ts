/** `rockpool restore`: puts a backup in the place of what is kept now. */
import type { Command } from "commander";
import { runRestore } from "../backup/restore.ts";
import type { RestoreReport } from "../backup/restore-replace.ts";
import { askRecoveryKey } from "../backup-store/ask-recovery-key.ts";
import { openBoxStore } from "../backup-store/box-store.ts";
import { restoreSnapshot } from "../backup-store/restore-snapshot.ts";
import { SNAPSHOT_ID } from "../backup-store/snapshot.ts";
import { usageError } from "../host-error.ts";
import { holdKey } from "../keys/key-source.ts";
import { createProgress } from "../models/progress.ts";
import { loadSettings } from "../settings.ts";
import { argumentPath, type Shell } from "../shell.ts";
import { openFolder } from "../supervisor/server.ts";
import { createTerminalInput } from "../terminal-input.ts";
import { rockpoolVersion } from "../versions.ts";

interface RestoreFlags {
  force: boolean;
  from?: string;
  recoveryKey?: string;
}

export function defineCommand(command: Command, shell: Shell): void {
  command
    .description(
      "Replace what is kept by a backup. All of the backup is proved before anything is replaced. The server must be down. A backup of a store needs the recovery key and nothing else; an archive needs its master.key in the data folder.",
    )
    .argument(
      "[backup]",
      "id of a backup in the store (the newest when not given), or an archive that `npx rockpool backup --out` wrote",
    )
    .option("--force", "replace data that is there; it is kept in a folder beside", false)
    .option("--from <place>", "store to take it from; ROCKPOOL_BACKUP_TO when not given")
    .option(
      "--recovery-key <file>",
      "file that holds the recovery key, or - for standard input; asked for when not given",
    )
    .action((backup: string | undefined, flags: RestoreFlags) => runCommand(shell, backup, flags));
}

async function runCommand(
  shell: Shell,
  backup: string | undefined,
  flags: RestoreFlags,
): Promise<void> {
  const isArchive = backup !== undefined && !SNAPSHOT_ID.test(backup);
  if (isArchive && (flags.from ?? flags.recoveryKey) !== undefined)
    throw usageError(
      `${backup} is no id of a backup in a store.`,
      "`npx rockpool backup list` shows them. An archive is restored without --from and --recovery-key.",
    );
  const report = isArchive
    ? await restoreArchive(shell, backup, flags.force)
    : await restoreFromStore(shell, backup, flags);
  shell.print(renderReport(report));
  shell.printJson(report);
}

async function restoreArchive(shell: Shell, file: string, force: boolean) {
  const { dataDir, options } = loadSettings(shell);
  return await runRestore({
    folder: await holdKey(openFolder(dataDir), options, createTerminalInput()),
    archive: argumentPath(shell, file),
    force,
    version: rockpoolVersion(shell.root),
  });
}

async function restoreFromStore(
  shell: Shell,
  snapshot: string | undefined,
  { force, from, recoveryKey }: RestoreFlags,
) {
  const settings = loadSettings(shell);
  const store = openBoxStore(shell, settings, from);
  const key = await askRecoveryKey(shell, recoveryKey);
  const progress = createProgress(shell);
  const report = await restoreSnapshot({
    folder: openFolder(settings.dataDir),
    store,
    key,
    ...(snapshot === undefined ? {} : { snapshot }),
    force,
    version: rockpoolVersion(shell.root),
    progress: (doneBytes, totalBytes) => progress.update("fetching", doneBytes, totalBytes),
  });
  progress.end();
  return report;
}

function renderReport({ createdAt, version, databases, keptAs }: RestoreReport): string {
  return [
    `Restored the backup of ${createdAt} (Rockpool ${version}): ${databases} databases.`,
    ...(keptAs === undefined
      ? []
      : [`What was there before is in ${keptAs}; delete it when all is well.`]),
    "Start the server with `npm start`.",
  ].join("\n");
}
