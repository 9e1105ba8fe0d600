/** Copies of the D1 database from before a migration, in `<data>/backups/before-<name>/`. Only the newest few are kept. */
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { syncFolder } from "../atomic-file.ts";

export const MAX_COPIES = 2;
const PREFIX = "before-";
const UNFINISHED = ".unfinished";

/** Answers the folder of the copy. It appears whole or not at all. */
export function copyBeforeMigration(
  database: DatabaseSync,
  migrationName: string,
  backupsDir: string,
): string {
  const folder = join(backupsDir, `${PREFIX}${migrationName.replace(/\.sql$/, "")}`);
  const unfinished = `${folder}${UNFINISHED}`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true, mode: 0o700 });
  database.prepare("VACUUM INTO ?").run(join(unfinished, "d1.sqlite"));
  // An older copy of the same name is of an attempt that failed: the data has moved on since.
  rmSync(folder, { recursive: true, force: true });
  renameSync(unfinished, folder);
  syncFolder(backupsDir);
  removeOldCopies(backupsDir);
  return folder;
}

function removeOldCopies(backupsDir: string): void {
  const copies = readdirSync(backupsDir)
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => ({
      path: join(backupsDir, name),
      atMs: statSync(join(backupsDir, name)).mtimeMs,
    }))
    .sort((a, b) => b.atMs - a.atMs);
  for (const { path } of copies.slice(MAX_COPIES)) rmSync(path, { recursive: true, force: true });
}
