/** Versioned tables inside an object: forward only, each step once, all missing steps in one transaction. */

export function applySchema(storage: DurableObjectStorage, steps: readonly string[]): void {
  const { sql } = storage;
  const known = sql
    .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE name = 'schema_version'")
    .toArray();
  const version =
    known.length === 0
      ? 0
      : sql.exec<{ version: number }>("SELECT version FROM schema_version").one().version;
  if (version > steps.length)
    throw new Error(
      `The data is of version ${version}, newer than this program: it knows ${steps.length}.`,
    );
  if (version === steps.length) return;
  storage.transactionSync(() => {
    sql.exec("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)");
    for (const step of steps.slice(version)) sql.exec(step);
    sql.exec("DELETE FROM schema_version");
    sql.exec("INSERT INTO schema_version (version) VALUES (?)", steps.length);
  });
}
