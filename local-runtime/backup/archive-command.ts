/** What `rockpool backup --out` does: one archive of all that is kept. */
import { existsSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { findFolder } from "../backup-store/box-store.ts";
import { type DataFolder, explainFileErrors } from "../data-folder.ts";
import { holdKey } from "../keys/key-source.ts";
import { loadSettings } from "../settings.ts";
import { argumentPath, type Shell } from "../shell.ts";
import { createTerminalInput } from "../terminal-input.ts";
import { rockpoolVersion } from "../versions.ts";
import { runBackup } from "./backup.ts";
import { renderArchive } from "./backup-text.ts";

export async function writeArchiveBackup(shell: Shell, out: string | undefined): Promise<void> {
  const settings = loadSettings(shell);
  const folder = await holdKey(findFolder(settings), settings.options, createTerminalInput());
  const report = await runBackup({
    folder,
    archive: decideArchive(shell, folder, out),
    version: rockpoolVersion(shell.root),
  });
  shell.print(renderArchive(report, folder.masterKey));
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
