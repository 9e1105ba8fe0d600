/**
 * Every sealed column of the box, each with its place, but for two: personal parts of the audit log, which go with it
 * after 180 days, and rows of the log in D1, which sessions write again.
 */
import type { SessionKey } from "../../core/ids.ts";
import { AUDIT_KEY_PLACE } from "../../security/audit-signer.ts";
import type { Keyring } from "../../security/keyring.ts";
import { resealAll, type SealedColumn } from "./reseal.ts";

/** Whoever alone speaks in a conversation; null where several do. */
const ONLY_PERSON =
  "(SELECT iif(count(DISTINCT person_id) = 1, min(person_id), NULL) FROM messages)";

/** Rows of an object of the box that are sealed anew in one call, in batches, and the rest after each. */
const MAX_BATCHES = 20;
const REST_MS = 50;

/** Tables of a session whose sealed column is `body`, their keys, and whose their rows are. */
const SESSION_BODIES = [
  { table: "messages", keys: ["id"], owner: "person_id" },
  { table: "outbox", keys: ["key"], owner: ONLY_PERSON },
  { table: "handovers", keys: ["id"], owner: "person_id" },
  { table: "reminders", keys: ["turn_id"], owner: "person_id" },
  { table: "notices", keys: ["id"], owner: ONLY_PERSON },
  { table: "pins", keys: ["number"], owner: ONLY_PERSON },
  { table: "summary", keys: ["through_seq"], owner: ONLY_PERSON },
] as const;

export function sessionColumns(session: SessionKey): SealedColumn[] {
  const at =
    (name: string) =>
    (...keys: SqlStorageValue[]) =>
      [name, session, ...keys].join("|");
  const file = { column: "body", owner: ONLY_PERSON };
  return [
    ...SESSION_BODIES.map((body) => ({ ...body, column: "body", place: at(body.table) })),
    {
      ...file,
      table: "files",
      keys: ["id"],
      place: (id) => `files|${session}|${id}|name`,
    },
    { ...file, table: "file_chunks", keys: ["file_id", "part"], place: at("files") },
    {
      ...file,
      table: "digests",
      keys: ["turn_id"],
      place: (turnId) => `digests|${session}|${turnId}|plan`,
    },
    {
      ...file,
      table: "digest_parts",
      keys: ["turn_id", "level", "part"],
      place: at("digests"),
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

const bodyOf = (
  table: string,
  key: string,
  place: SealedColumn["place"],
  owner: "person_id" | "NULL" = "NULL",
): SealedColumn => ({ table, column: "body", keys: [key], place, owner });

/** Sealed columns of the box's own objects. */
export const BOX_COLUMNS = {
  directory: [
    bodyOf("facts", "key", (key) => `facts|${key}`, "person_id"),
    bodyOf("accounts", "key", (key) => `accounts|${key}`),
    bodyOf("flows", "name", (name) => `flows|${name}`),
  ],
  credentials: [
    bodyOf("passwords", "id", (id) => `credentials/passwords/${id}`, "person_id"),
    bodyOf("sign_keys", "kid", (kid) => `credentials/sign_keys/${kid}`),
  ],
  audit: [bodyOf("audit_key", "public_key", () => AUDIT_KEY_PLACE)],
} as const satisfies Record<string, readonly SealedColumn[]>;

/** Some of the old rows of an object of the box. Answers whether none are left. Throws what opening throws. */
export async function resealBox(
  sql: SqlStorage,
  keyring: Keyring,
  object: keyof typeof BOX_COLUMNS,
): Promise<boolean> {
  let batches = 0;
  const { isWhole } = await resealAll(sql, keyring, BOX_COLUMNS[object], async () => {
    await scheduler.wait(REST_MS);
    batches += 1;
    return batches < MAX_BATCHES;
  });
  return isWhole;
}
