/** `rockpool backup`: into the store, encrypted, or into an archive with --out; and all that concerns the store. */
import type { Command } from "commander";
import { writeArchiveBackup } from "../backup/archive-command.ts";
import { runKey } from "../backup-store/key-command.ts";
import {
  runBoxBackup,
  runList,
  runPrune,
  runVerify,
  type StoreFlags,
} from "../backup-store/store-commands.ts";
import type { Shell } from "../shell.ts";

interface BackupFlags {
  out?: string;
}

export function defineCommand(command: Command, shell: Shell): void {
  command
    .description(
      "Back up all that is kept, of one moment; a running server stands still for an instant. It goes into the store of ROCKPOOL_BACKUP_TO, encrypted to the recovery key, and only what is new is stored. With --out, or without a store: into one archive, sealed by the master key, which is not in it.",
    )
    .option(
      "--out <path>",
      "write an archive, to this file or folder; without a store to backups/ of the data folder",
    )
    .action((flags: BackupFlags) =>
      runBoxBackup(shell, flags.out === undefined, () => writeArchiveBackup(shell, flags.out)),
    );
  command
    .command("key")
    .description(
      "Make the recovery key and print it, this once: it alone opens the backups, on any machine. Keep it away from this box and from the store.",
    )
    .option("--new", "make another one; backups made before need the old one")
    .option("--set <file>", "use the recovery key in this file, or - for standard input")
    .action((flags: { new?: boolean; set?: string }) => runKey(shell, flags));
  command
    .command("list")
    .description(
      "List the backups in the store, and those that cannot be proved. Exit status 1 where there is one of these.",
    )
    .option("--from <place>", "another store than ROCKPOOL_BACKUP_TO")
    .option("--recovery-key <file>", "file that holds the recovery key: on another machine")
    .action((flags: StoreFlags) => runList(shell, flags));
  command
    .command("verify")
    .description(
      "Read the whole store and prove every object in it. With the recovery key the newest backup is also put together, as a restore would. Exit status 1 where something is wrong, or there is no backup.",
    )
    .option("--from <place>", "another store than ROCKPOOL_BACKUP_TO")
    .option("--recovery-key <file>", "file that holds the recovery key, or - for standard input")
    .action((flags: StoreFlags) => runVerify(shell, flags));
  command
    .command("prune")
    .description(
      "Remove backups that ROCKPOOL_BACKUP_KEEP does not keep, and what only they need. Each backup does so by itself.",
    )
    .option("--only-newest", "remove all but the newest: after a person was erased, for example")
    .option("--dry-run", "say what would be removed, and remove nothing")
    .action((flags: { onlyNewest?: boolean; dryRun?: boolean }) => runPrune(shell, flags));
}
