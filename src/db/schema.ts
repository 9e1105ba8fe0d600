/**
 * The tables of D1: the log of what happened, for the console, exports and accounting. Sessions and the directory own
 * the truth; these rows are written from them in batches, and writing one twice changes nothing.
 * Times are milliseconds since 1970. Sealed columns hold an envelope of security/keyring.ts.
 */
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { ROLES } from "../core/roles.ts";

export const people = sqliteTable("people", {
  id: text().primaryKey(),
  role: text({ enum: ROLES }).notNull(),
  name: text().notNull(),
  lang: text().notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
});

export const identities = sqliteTable(
  "identities",
  {
    /** `<channel>:<account>:<sender>`. */
    id: text().primaryKey(),
    personId: text("person_id").notNull(),
    channel: text().notNull(),
    account: text().notNull(),
    name: text().notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
  },
  (table) => [index("identities_by_person").on(table.personId)],
);

export const accounts = sqliteTable("accounts", {
  /** `<channel>:<account>`. */
  id: text().primaryKey(),
  channel: text().notNull(),
  name: text().notNull(),
  access: text().notNull(),
  transport: text().notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
  removedAtMs: integer("removed_at_ms"),
});

export const sessions = sqliteTable(
  "sessions",
  {
    /** The session key. */
    id: text().primaryKey(),
    channel: text().notNull(),
    account: text().notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
    lastAtMs: integer("last_at_ms").notNull(),
  },
  (table) => [index("sessions_by_last").on(table.lastAtMs)],
);

export const messages = sqliteTable(
  "messages",
  {
    id: text().primaryKey(),
    sessionId: text("session_id").notNull(),
    seq: integer().notNull(),
    role: text({ enum: ["user", "assistant"] }).notNull(),
    /** Whose message it is, or whom it answers. */
    personId: text("person_id").notNull(),
    channel: text().notNull(),
    turnId: text("turn_id"),
    /** Sealed, base64. */
    body: text().notNull(),
    atMs: integer("at_ms").notNull(),
  },
  (table) => [index("messages_by_session").on(table.sessionId, table.seq)],
);

export const turns = sqliteTable(
  "turns",
  {
    id: text().primaryKey(),
    sessionId: text("session_id").notNull(),
    personId: text("person_id").notNull(),
    channel: text().notNull(),
    outcome: text().notNull(),
    code: text(),
    startedAtMs: integer("started_at_ms").notNull(),
    endedAtMs: integer("ended_at_ms").notNull(),
  },
  (table) => [index("turns_by_start").on(table.startedAtMs)],
);

export const usage = sqliteTable("usage", {
  turnId: text("turn_id").primaryKey(),
  personId: text("person_id").notNull(),
  model: text().notNull(),
  promptTokens: integer("prompt_tokens").notNull(),
  outputTokens: integer("output_tokens").notNull(),
  firstTokenMs: integer("first_token_ms").notNull(),
  totalMs: integer("total_ms").notNull(),
  atMs: integer("at_ms").notNull(),
  /** Rows of builds that had none were of answers. */
  outcome: text().notNull().default("answered"),
});

/** The data keys, each wrapped by the master key. Without them nothing sealed can be opened. */
export const dataKeys = sqliteTable("data_keys", {
  id: integer().primaryKey(),
  /** Base64. */
  wrapped: text().notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
});
