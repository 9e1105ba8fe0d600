/** SQLite files of a copied folder: their logs taken in, and each looked at from end to end. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { HostError } from "../host-error.ts";
import { listFiles } from "./backup-copy.ts";

const DATABASE_SUFFIX = ".sqlite";
/** SQLite stops after so many; one is enough to know. */
const MAX_PROBLEMS = 5;

export interface BrokenDatabase {
  /** Below the copied folder. */
  path: string;
  problem: string;
}

export interface DatabaseCheck {
  databases: number;
  broken: BrokenDatabase[];
}

/**
 * After it, each whole database is one file without a log. Finds pages that do not fit together, indexes that miss rows,
 * and references that lead nowhere; not a changed byte inside of a value.
 */
export function checkDatabases(
  folder: string,
  progress: (done: number, total: number) => void = () => {},
): DatabaseCheck {
  const paths = listFiles(folder).filter((path) => path.endsWith(DATABASE_SUFFIX));
  const broken: BrokenDatabase[] = [];
  for (const [index, path] of paths.entries()) {
    const problem = settle(join(folder, path));
    if (problem !== undefined) broken.push({ path, problem });
    progress(index + 1, paths.length);
  }
  return { databases: paths.length, broken };
}

/** Throws backup/broken_database where one is not whole. Answers how many there are. `prefix` goes before paths in errors. */
export function settleDatabases(folder: string, prefix = ""): number {
  const { databases, broken } = checkDatabases(folder);
  refuseBroken(broken.map(({ path, problem }) => ({ path: `${prefix}${path}`, problem })));
  return databases;
}

export function refuseBroken(broken: readonly BrokenDatabase[]): void {
  const [first, ...others] = broken;
  if (!first) return;
  const more = others.length === 0 ? "" : ` So are ${others.length} more.`;
  throw new HostError({
    code: "backup/broken_database",
    message: `The database ${first.path} is damaged: ${first.problem}.${more}`,
    fix: "Keep the older backups, and restore the newest one that is whole (`npx rockpool restore`).",
  });
}

/** Says what is wrong with the database, or nothing. */
function settle(path: string): string | undefined {
  const database = new DatabaseSync(path);
  try {
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    const rows = database.prepare(`PRAGMA integrity_check(${MAX_PROBLEMS})`).all();
    const [answer = "it gives no answer"] = rows.map((row) => String(row.integrity_check));
    if (answer !== "ok") return firstLine(answer);
    const dangling = database.prepare("PRAGMA foreign_key_check").get();
    return dangling === undefined
      ? undefined
      : `a row of ${String(dangling.table)} refers to a row of ${String(dangling.parent)} that is not there`;
  } catch (error) {
    return error instanceof Error ? error.message : "it cannot be opened";
  } finally {
    database.close();
  }
}

/** SQLite heads its list with the name of the database. */
function firstLine(answer: string): string {
  const lines = answer.split("\n").filter((line) => !line.startsWith("***"));
  return lines[0] ?? answer;
}

/** Bytes of all files below the folder. */
export function folderBytes(folder: string): number {
  return listFiles(folder).reduce(
    (sum, path) => sum + (statSync(join(folder, path), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}
