/** The sealed columns that are kept for long, each with its place. What goes within days is not sealed anew. */
import type { SessionKey } from "../core/ids.ts";
import type { Keyring } from "../security/keyring.ts";
import { resealAll, type SealedColumn } from "./reseal.ts";

/** Whoever alone speaks in a conversation; null where several do. */
const ONLY_PERSON =
  "(SELECT iif(count(DISTINCT person_id) = 1, min(person_id), NULL) FROM messages)";

export function sessionColumns(session: SessionKey): SealedColumn[] {
  const at =
    (table: string) =>
    (...keys: SqlStorageValue[]) =>
      [table, session, ...keys].join("|");
  const body = { column: "body" };
  return [
    { ...body, table: "messages", keys: ["id"], place: at("messages"), owner: "person_id" },
    { ...body, table: "reminders", keys: ["turn_id"], place: at("reminders"), owner: "person_id" },
    { ...body, table: "pins", keys: ["number"], place: at("pins"), owner: ONLY_PERSON },
    { ...body, table: "summary", keys: ["through_seq"], place: at("summary"), owner: ONLY_PERSON },
    {
      ...body,
      table: "files",
      keys: ["id"],
      place: (id) => `files|${session}|${id}|name`,
      owner: ONLY_PERSON,
    },
    {
      ...body,
      table: "file_chunks",
      keys: ["file_id", "part"],
      place: at("files"),
      owner: ONLY_PERSON,
    },
    ...["body", "definition"].map((column) => ({
      table: "dialogues",
      column,
      keys: ["person_id"],
      place: (personId: SqlStorageValue) => `dialogues|${session}|${personId}|${column}`,
      owner: "person_id",
    })),
  ];
}

const DIRECTORY_COLUMNS: readonly SealedColumn[] = [
  {
    table: "facts",
    column: "body",
    keys: ["key"],
    place: (key) => `facts|${key}`,
    owner: "person_id",
  },
  {
    table: "accounts",
    column: "body",
    keys: ["key"],
    place: (key) => `accounts|${key}`,
    owner: "NULL",
  },
  {
    table: "flows",
    column: "body",
    keys: ["name"],
    place: (name) => `flows|${name}`,
    owner: "NULL",
  },
];

export async function resealDirectory(sql: SqlStorage, keyring: Keyring): Promise<void> {
  await resealAll(sql, keyring, DIRECTORY_COLUMNS, async () => true);
}
