/** SQLite files of a copied folder: their logs taken in, and each proved whole. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { listFiles } from "./backup-copy.ts";
import { HostError } from "./host-error.ts";

const DATABASE_SUFFIX = ".sqlite";

/** After it, each database is one file without a log. Throws backup/broken_database. Answers how many there are. */
export function settleDatabases(folder: string): number {
  const paths = listFiles(folder).filter((path) => path.endsWith(DATABASE_SUFFIX));
  for (const path of paths) {
    const problem = settle(join(folder, path));
    if (problem !== undefined) throw broken(path, problem);
  }
  return paths.length;
}

/** Says what is wrong with the database, or nothing. */
function settle(path: string): string | undefined {
  const database = new DatabaseSync(path);
  try {
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    const row = database.prepare("PRAGMA integrity_check(1)").get();
    const answer = String(row?.integrity_check ?? "it gives no answer");
    return answer === "ok" ? undefined : answer;
  } catch (error) {
    return error instanceof Error ? error.message : "it cannot be opened";
  } finally {
    database.close();
  }
}

/** Bytes of all files below the folder. */
export function folderBytes(folder: string): number {
  return listFiles(folder).reduce(
    (sum, path) => sum + (statSync(join(folder, path), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

function broken(path: string, problem: string): HostError {
  return new HostError({
    code: "backup/broken_database",
    message: `The database ${path} is damaged: ${problem}.`,
    fix: "Keep the older backups, and restore the newest one that is whole (`npx rockpool restore`).",
  });
}
