/** `rockpool restore`: puts a backup in the place of what is kept now. */
import type { Command } from "commander";
import { type RestoreReport, runRestore } from "../restore.ts";
import { openFolder } from "../server.ts";
import { loadSettings } from "../settings.ts";
import { argumentPath, type Shell } from "../shell.ts";
import { rockpoolVersion } from "../versions.ts";

export function defineCommand(command: Command, shell: Shell): void {
  command
    .description(
      "Replace what is kept by a backup. All of the backup is proved before anything is replaced. The server must be down, and the backup's master.key in the data folder.",
    )
    .argument("<file>", "archive that `npx rockpool backup` wrote")
    .option("--force", "replace data that is there; it is kept in a folder beside", false)
    .action((file: string, flags: { force: boolean }) => runCommand(shell, file, flags.force));
}

async function runCommand(shell: Shell, file: string, force: boolean): Promise<void> {
  const report = await runRestore({
    folder: openFolder(loadSettings(shell).dataDir),
    archive: argumentPath(shell, file),
    force,
    version: rockpoolVersion(shell.root),
  });
  shell.print(renderReport(report));
  shell.printJson(report);
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
