/**
 * Brings the D1 database up to date while no workerd has it open: each file of migrations/ in one transaction together
 * with its row in `d1_migrations`, the table that wrangler keeps too. docs/adr/0002-migrations.md says why offline.
 */
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { EXIT, HostError } from "../host-error.ts";
import { copyBeforeMigration } from "./migration-copies.ts";

export interface Migration {
  /** File name: `0000_init.sql`. */
  name: string;
  sql: string;
}

export interface MigrationPlan {
  databaseFile: string;
  migrations: readonly Migration[];
  /** Where the copy of existing data goes. */
  backupsDir: string;
}

export interface Migrated {
  /** Names, in the order in which they were applied. */
  applied: string[];
  /** Folder with a copy of the data as it was; only where there was data. */
  copy?: string;
}

const MIGRATIONS_TABLE = `CREATE TABLE IF NOT EXISTS d1_migrations(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;

export function loadMigrations(dir: string): Migration[] {
  const names = readdirSync(dir).filter((name) => name.endsWith(".sql"));
  return names.sort().map((name) => ({ name, sql: readFileSync(join(dir, name), "utf8") }));
}

/** Throws migration/*; what was applied before the failing file stays, and the failing file leaves nothing. */
export function migrate(plan: MigrationPlan): Migrated {
  mkdirSync(dirname(plan.databaseFile), { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(plan.databaseFile);
  try {
    const done = appliedMigrations(database);
    refuseNewerData(plan, done);
    const pending = plan.migrations.filter(({ name }) => !done.includes(name));
    const [first] = pending;
    if (first === undefined) return { applied: [] };
    const copy =
      done.length > 0 ? copyBeforeMigration(database, first.name, plan.backupsDir) : undefined;
    // workerd's own mode: the first open by it then changes nothing.
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    for (const migration of pending) applyMigration(database, migration, copy);
    return { applied: pending.map(({ name }) => name), ...(copy === undefined ? {} : { copy }) };
  } finally {
    database.close();
  }
}

function appliedMigrations(database: DatabaseSync): string[] {
  const table = database
    .prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'd1_migrations'")
    .get();
  if (table === undefined) return [];
  const rows = database.prepare("SELECT name FROM d1_migrations ORDER BY id").all();
  return rows.map(({ name }) => String(name));
}

function refuseNewerData(plan: MigrationPlan, done: readonly string[]): void {
  const known = new Set(plan.migrations.map(({ name }) => name));
  const unknown = done.find((name) => !known.has(name));
  if (unknown === undefined) return;
  throw new HostError({
    code: "migration/data_is_newer",
    message: `The data was last used by a newer version of Rockpool, which applied ${unknown}.`,
    fix: `Install that version again, or go back with a copy in ${plan.backupsDir} or a backup (npx rockpool restore).`,
    exitStatus: EXIT.config,
  });
}

function applyMigration(
  database: DatabaseSync,
  migration: Migration,
  copy: string | undefined,
): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    database.exec("PRAGMA defer_foreign_keys = ON");
    database.exec(migration.sql);
    database.exec(MIGRATIONS_TABLE);
    database.prepare("INSERT INTO d1_migrations (name) VALUES (?)").run(migration.name);
    database.exec("COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw migrationFailed(migration, copy, error);
  }
}

function migrationFailed(migration: Migration, copy: string | undefined, error: unknown) {
  const cause = error instanceof Error ? error.message : String(error);
  const kept = copy === undefined ? "" : ` A copy from before is in ${copy}.`;
  return new HostError({
    code: "migration/failed",
    message: `The migration ${migration.name} failed and was undone: ${cause}. The data is as it was.${kept}`,
    fix: "Install the version that ran before and start it: it can use the data. Then report this.",
    exitStatus: EXIT.software,
    cause: error,
  });
}
