/** `rockpool backup`: one archive of all that is kept, of a running server too. */
import { existsSync, mkdirSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { type BackupReport, runBackup } from "../backup.ts";
import { megabytes } from "../backup-space.ts";
import { type DataFolder, dataFolderAt, explainFileErrors } from "../data-folder.ts";
import { loadSettings } from "../settings.ts";
import { argumentPath, type Shell } from "../shell.ts";
import { rockpoolVersion } from "../versions.ts";

export function defineCommand(command: Command, shell: Shell): void {
  command
    .description(
      "Write all that is kept into one archive, of one moment. A running server stands still for an instant. The master key is not in the archive.",
    )
    .option("--out <path>", "file or folder to write to; the data folder's backups/ when not given")
    .action((flags: { out?: string }) => runCommand(shell, flags.out));
}

async function runCommand(shell: Shell, out: string | undefined): Promise<void> {
  const { dataDir } = loadSettings(shell);
  const folder = dataFolderAt(existsSync(dataDir) ? realpathSync(dataDir) : dataDir);
  const report = await runBackup({
    folder,
    archive: decideArchive(shell, folder, out),
    version: rockpoolVersion(shell.root),
  });
  shell.print(renderReport(report, folder));
  shell.printJson(report);
}

function decideArchive(shell: Shell, folder: DataFolder, out: string | undefined): string {
  const name = `rockpool-${new Date().toISOString().replace(/\.\d+/, "").replaceAll(":", "")}.tar.gz`;
  if (out !== undefined) {
    const path = argumentPath(shell, out);
    return existsSync(path) && statSync(path).isDirectory() ? join(path, name) : path;
  }
  if (existsSync(folder.root))
    explainFileErrors(folder.root, () =>
      mkdirSync(folder.backups, { recursive: true, mode: 0o700 }),
    );
  return join(folder.backups, name);
}

function renderReport(report: BackupReport, folder: DataFolder): string {
  const pause =
    report.pauseMs === undefined
      ? "The server was not running."
      : `The server stood still for ${report.pauseMs.toFixed(0)} ms.`;
  return [
    `Wrote ${report.archive}`,
    `  ${report.databases} databases, each proved whole; ${megabytes(report.dataBytes)}, packed ${megabytes(report.archiveBytes)}. ${pause}`,
    "",
    "The messages and credentials in it are sealed, and the key is NOT in it. Keep both, in two places:",
    "  - this archive, on another machine",
    `  - ${folder.masterKey} (key ${report.masterKeyId}), where nobody else can read it`,
    "Restore with `npx rockpool restore <file>`.",
  ].join("\n");
}
