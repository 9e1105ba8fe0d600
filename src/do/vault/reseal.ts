/**
 * Rows under an old form of envelope, or an old data key, sealed anew in place. What cannot be opened any
 * more stays as it is. A row that changes meanwhile keeps its change.
 */
import { errorCode } from "../../core/errors.ts";
import type { Keyring, Owner } from "../../security/keyring.ts";

/** A sealed column of a table. */
export interface SealedColumn {
  table: string;
  column: string;
  /** What tells its rows apart. */
  keys: readonly string[];
  /** Of the keys' values: where the row was sealed. */
  place(...keys: SqlStorageValue[]): string;
  /** SQL of the person whose row it is, for envelopes that do not say; the box's where it is null. */
  owner: string;
}

/** Rows at once. */
const BATCH_ROWS = 16;

type Row = Record<string, SqlStorageValue>;

export interface Resealed {
  /** All old rows were looked at. */
  isWhole: boolean;
  /** Tables of which rows changed. */
  tables: Set<string>;
}

/** All old rows, and a pause after each batch, which says whether to go on. Throws what opening throws. */
export async function resealAll(
  sql: SqlStorage,
  keyring: Keyring,
  columns: readonly SealedColumn[],
  pause: () => Promise<boolean>,
): Promise<Resealed> {
  const tables = new Set<string>();
  for (const column of columns) {
    let skip = 0;
    for (;;) {
      const { found, left } = await resealRows(sql, keyring, column, skip);
      if (found > left) tables.add(column.table);
      if (found < BATCH_ROWS) break;
      skip += left;
      if (!(await pause())) return { isWhole: false, tables };
    }
  }
  return { isWhole: true, tables };
}

/** At most {@link BATCH_ROWS} old rows, without the first `skip` of them; `left` of them stay as they are. */
async function resealRows(
  sql: SqlStorage,
  keyring: Keyring,
  column: SealedColumn,
  skip: number,
): Promise<{ found: number; left: number }> {
  const bound = new Uint8Array(4);
  new DataView(bound.buffer).setUint32(0, await keyring.staleBelow());
  const { table, column: name, keys, owner } = column;
  const rows = sql
    .exec<Row>(
      `SELECT ${keys.join(", ")}, ${name} AS sealed, ${owner} AS owner FROM ${table}
        WHERE substr(${name}, 1, 1) = x'01' OR substr(${name}, 2, 4) < ?
        ORDER BY ${keys.join(", ")} LIMIT ? OFFSET ?`,
      bound,
      BATCH_ROWS,
      skip,
    )
    .toArray();
  let left = 0;
  for (const row of rows) if (!(await resealRow(sql, keyring, column, row))) left += 1;
  return { found: rows.length, left };
}

async function resealRow(
  sql: SqlStorage,
  keyring: Keyring,
  { table, column, keys, place }: SealedColumn,
  row: Row,
): Promise<boolean> {
  const old = row.sealed as ArrayBuffer; // a sealed column holds bytes
  const values = keys.map((key) => row[key] ?? null);
  const owner = (row.owner ?? "box") as Owner; // a person's id, written by accept() and its like
  let sealed: Uint8Array;
  try {
    sealed = await keyring.reseal(place(...values), new Uint8Array(old), owner);
  } catch (error) {
    if (errorCode(error).startsWith("crypto/")) return false;
    throw error;
  }
  const where = [...keys, column].map((key) => `${key} = ?`).join(" AND ");
  sql.exec(`UPDATE ${table} SET ${column} = ? WHERE ${where}`, sealed, ...values, old);
  return true;
}
