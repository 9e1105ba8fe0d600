/** What the files of a data folder hold: D1's tables and those of each object, read beside the running server or after it. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { dataFolderAt, listFolder } from "../../local-runtime/data-folder.ts";
import { d1File } from "../../local-runtime/database/d1-file.ts";
import { loadWranglerConfig } from "../../local-runtime/workerd-config/wrangler-config.ts";

export type Row = Record<string, unknown>;

export interface StoredSession {
  key: string;
  /** All rows of a table, in the order of their keys. */
  rows(table: string): Row[];
}

function readRows(path: string, sql: string): Row[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}

/** All rows of one of D1's tables. */
export function readD1(dataDir: string, table: string): Row[] {
  const root = join(import.meta.dirname, "..", "..");
  const [database] = loadWranglerConfig(root).d1_databases;
  const path = d1File(dataFolderAt(dataDir).objects, database?.database_name ?? "");
  return readRows(path, `SELECT * FROM ${table}`);
}

/** The files of all objects of a class, without the runtime's own list of them. */
function objectFiles(dataDir: string, objects: string): string[] {
  const folder = join(dataFolderAt(dataDir).objects, objects);
  return listFolder(folder)
    .filter((name) => name.endsWith(".sqlite") && name !== "metadata.sqlite")
    .map((name) => join(folder, name));
}

export function readDirectory(dataDir: string, table: string): Row[] {
  return objectFiles(dataDir, "directory").flatMap((path) =>
    readRows(path, `SELECT * FROM ${table}`),
  );
}

/** Every session that has a file. */
export function readSessions(dataDir: string): StoredSession[] {
  return objectFiles(dataDir, "session").map((path) => {
    const [key] = readRows(path, "SELECT value FROM meta WHERE name = 'key'");
    return {
      key: key ? String(JSON.parse(String(key.value))) : "",
      rows: (table) => readRows(path, `SELECT * FROM ${table}`),
    };
  });
}

/** The session of this key; fails where there is none. */
export function readSession(dataDir: string, key: string): StoredSession {
  const found = readSessions(dataDir).find((session) => session.key === key);
  if (!found) throw new Error(`no session ${key} in ${dataDir}`);
  return found;
}

/** Rows of each table of all sessions together: what a refused call must not change. */
export function countStored(dataDir: string): Record<string, number> {
  const sessions = readSessions(dataDir);
  const count = (table: string) =>
    sessions.reduce((sum, session) => sum + session.rows(table).length, 0);
  return {
    sessions: sessions.length,
    inbox: count("inbox"),
    messages: count("messages"),
    outbox: count("outbox"),
    files: count("files"),
    people: readDirectory(dataDir, "people").length,
    pairings: readDirectory(dataDir, "pairings").length,
  };
}

/** Files of the folder in which the text stands as it is. */
export function filesWith(dataDir: string, text: string | Buffer): string[] {
  const wanted = typeof text === "string" ? Buffer.from(text) : text;
  return readdirSync(dataDir, { recursive: true, encoding: "utf8" })
    .map((name) => join(dataDir, name))
    .filter((path) => statSync(path).isFile() && readFileSync(path).includes(wanted));
}
