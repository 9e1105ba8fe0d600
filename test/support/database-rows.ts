/** Every row of every table of every database below a folder, as text: to compare two data folders. */
import { globSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** By `path table`. Blobs stand in hexadecimal. */
export function readAllRows(folder: string): Record<string, string[]> {
  const rows: Record<string, string[]> = {};
  for (const path of globSync("**/*.sqlite", { cwd: folder }).sort()) {
    const database = new DatabaseSync(join(folder, path), { readOnly: true });
    const tables = database
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
      .all();
    for (const { name } of tables)
      rows[`${path} ${name}`] = readTable(database, String(name))
        .map((row) => JSON.stringify(row, (_, value) => renderValue(value)))
        .sort();
    database.close();
  }
  return rows;
}

/** Times of alarms in nanoseconds are no JavaScript numbers. */
function readTable(database: DatabaseSync, name: string): Record<string, unknown>[] {
  const statement = database.prepare(`SELECT * FROM "${name}"`);
  statement.setReadBigInts(true);
  return statement.all();
}

function renderValue(value: unknown): unknown {
  if (typeof value === "bigint") return `${value}`;
  return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value;
}
