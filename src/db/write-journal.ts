/**
 * Journal entries into D1: a statement for each kind, in one transaction. D1 takes a hundred bound values a statement,
 * so the rows of a kind travel as JSON text that SQLite takes apart; long ones take several texts.
 */
import { getTableColumns, type SQL, sql } from "drizzle-orm";
import {
  getTableConfig,
  SQLiteAsyncDialect,
  type SQLiteColumn,
  type SQLiteTable,
} from "drizzle-orm/sqlite-core";
import type { JournalEntry, JournalKind } from "../core/journal.ts";
import { eraseStatements } from "./erase-statements.ts";
import { accounts, identities, messages, people, sessions, turns, usage } from "./schema.ts";

/** drizzle's own batch takes no free-form statements: they are rendered here and handed to D1. */
const dialect = new SQLiteAsyncDialect();

/** Length of one JSON text, unless a single row is longer. SQLite takes texts of five million, and none of twenty. */
const MAX_TEXT_UNITS = 1_000_000;

interface Destination {
  table: SQLiteTable;
  /** Columns that a later row of the same id changes. */
  changes: readonly string[];
}

/** In the order they are written. */
const DESTINATIONS: Record<Exclude<JournalKind, "forget" | "erase">, Destination> = {
  person: { table: people, changes: ["role", "name", "lang"] },
  identity: { table: identities, changes: ["personId", "name"] },
  account: { table: accounts, changes: ["access", "transport", "removedAtMs"] },
  session: { table: sessions, changes: ["lastAtMs"] },
  message: { table: messages, changes: ["body"] },
  turn: { table: turns, changes: ["outcome", "code", "endedAtMs"] },
  usage: { table: usage, changes: [] },
};

function upsert({ table, changes }: Destination, rows: string): SQL {
  const columns = Object.entries<SQLiteColumn>(getTableColumns(table));
  const names = sql.join(
    columns.map(([, column]) => sql.identifier(column.name)),
    sql`, `,
  );
  const values = sql.join(
    columns.map(([key, { default: value }]) => {
      const given = sql`value ->> ${sql.raw(`'$.${key}'`)}`;
      return value === undefined ? given : sql`coalesce(${given}, ${value})`;
    }),
    sql`, `,
  );
  const key = sql.identifier(columns.find(([, column]) => column.primary)?.[1].name ?? "id");
  const updates = columns
    .filter(([name]) => changes.includes(name))
    .map(
      ([, column]) => sql`${sql.identifier(column.name)} = excluded.${sql.identifier(column.name)}`,
    );
  const onConflict =
    updates.length > 0 ? sql`DO UPDATE SET ${sql.join(updates, sql`, `)}` : sql`DO NOTHING`;
  // WHERE true: SQLite's grammar needs it between a SELECT and ON CONFLICT.
  return sql`INSERT INTO ${sql.identifier(getTableConfig(table).name)} (${names}) SELECT ${values} FROM json_each(${rows}) WHERE true ON CONFLICT (${key}) ${onConflict}`;
}

/** JSON arrays that hold all rows, in order. */
function writeTexts(rows: readonly JournalEntry[]): string[] {
  const texts: string[][] = [];
  let units = MAX_TEXT_UNITS;
  for (const row of rows) {
    const text = JSON.stringify(row);
    if (units + text.length > MAX_TEXT_UNITS) {
      texts.push([]);
      units = 0;
    }
    texts.at(-1)?.push(text);
    units += text.length;
  }
  return texts.map((items) => `[${items.join(",")}]`);
}

/** Writes all entries or none. An erasure takes effect after every row of the same batch. */
export async function writeJournal(
  binding: D1Database,
  entries: readonly JournalEntry[],
): Promise<void> {
  const statements: SQL[] = [];
  for (const [kind, destination] of Object.entries(DESTINATIONS)) {
    const rows = entries.filter((entry) => entry.kind === kind);
    for (const text of writeTexts(rows)) statements.push(upsert(destination, text));
  }
  for (const entry of entries)
    if (entry.kind === "forget")
      statements.push(
        sql`DELETE FROM ${messages} WHERE ${messages.sessionId} = ${entry.sessionId} AND ${messages.seq} <= ${entry.throughSeq}`,
      );
  for (const entry of entries)
    if (entry.kind === "erase") statements.push(...eraseStatements(entry));
  if (statements.length === 0) return;
  await binding.batch(
    statements.map((statement) => {
      const { sql: text, params } = dialect.sqlToQuery(statement);
      return binding.prepare(text).bind(...params);
    }),
  );
}
