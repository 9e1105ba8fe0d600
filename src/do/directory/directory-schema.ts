/** The directory's own tables, with their versions. */
import { applySchema } from "../schema-steps.ts";

const STEPS: readonly string[] = [
  `
  CREATE TABLE accounts (
    key TEXT PRIMARY KEY,
    channel TEXT NOT NULL,
    name TEXT NOT NULL,
    access TEXT NOT NULL,
    transport TEXT NOT NULL,
    api_base TEXT,
    self TEXT,
    created_at_ms INTEGER NOT NULL,
    -- Sealed: the values of the channel's fields.
    body BLOB NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE allowed (account TEXT NOT NULL, sender TEXT NOT NULL, PRIMARY KEY (account, sender)) WITHOUT ROWID;
  CREATE TABLE people (
    id TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    name TEXT NOT NULL,
    lang TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE identities (
    account TEXT NOT NULL,
    sender TEXT NOT NULL,
    person_id TEXT NOT NULL,
    PRIMARY KEY (account, sender)
  ) WITHOUT ROWID;
  CREATE TABLE pairings (
    code TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    sender TEXT NOT NULL,
    sender_name TEXT NOT NULL,
    lang TEXT NOT NULL,
    target TEXT NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    noticed_at_ms INTEGER NOT NULL DEFAULT 0,
    UNIQUE (account, sender)
  ) WITHOUT ROWID;
  CREATE TABLE owner_tokens (hash TEXT PRIMARY KEY, expires_at_ms INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE link_codes (
    code TEXT PRIMARY KEY,
    session TEXT NOT NULL,
    person_id TEXT NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    -- The conversation that used it: using it again from there changes nothing.
    used_by TEXT
  ) WITHOUT ROWID;
  CREATE TABLE journal (seq INTEGER PRIMARY KEY AUTOINCREMENT, entries TEXT NOT NULL);
  `,
  `
  CREATE TABLE flows (
    name TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    changed_at_ms INTEGER NOT NULL,
    -- Sealed: the definition.
    body BLOB NOT NULL
  ) WITHOUT ROWID;
  `,
  `
  CREATE TABLE api_keys (
    -- Part of the key, and no secret.
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    hash TEXT NOT NULL,
    person_id TEXT NOT NULL,
    scopes TEXT NOT NULL,
    model TEXT,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER,
    last_used_day TEXT
  ) WITHOUT ROWID;
  `,
  `
  -- What is remembered for a person.
  CREATE TABLE facts (
    key TEXT PRIMARY KEY,
    person_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    -- Sealed: the text.
    body BLOB NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX facts_by_person ON facts (person_id, number);
  CREATE TABLE person_facts (
    person_id TEXT PRIMARY KEY,
    -- The highest number that a fact of this person ever had.
    newest INTEGER NOT NULL,
    zone TEXT
  ) WITHOUT ROWID;
  `,
  `
  -- Channels and models that a person may use: where there is a list, nothing else.
  CREATE TABLE person_grants (
    person_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (person_id, kind, value)
  ) WITHOUT ROWID;
  -- Limits of a person that differ from the role's; NULL is none.
  CREATE TABLE person_limits (
    person_id TEXT NOT NULL,
    name TEXT NOT NULL,
    value INTEGER,
    PRIMARY KEY (person_id, name)
  ) WITHOUT ROWID;
  CREATE INDEX identities_by_person ON identities (person_id);
  `,
  `
  -- Events for the audit log, until it has them.
  CREATE TABLE audit_queue (seq INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL);
  `,
  `
  -- Whom a one-time link signs in; nobody stands for the owner.
  ALTER TABLE owner_tokens ADD COLUMN person_id TEXT;
  -- People who turned out to be another: their old ids lead to who they are.
  CREATE TABLE joined_people (from_id TEXT PRIMARY KEY, into_id TEXT NOT NULL) WITHOUT ROWID;
  CREATE INDEX joined_by_person ON joined_people (into_id);
  `,
  `
  -- For how long answers to the same chat are kept for a key; NULL is not at all.
  ALTER TABLE api_keys ADD COLUMN cache_answers_ms INTEGER;
  `,
  `
  -- In which order they were made: several may be of the same millisecond.
  ALTER TABLE owner_tokens ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE link_codes ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
  `,
  `
  -- What was set for ids that nobody has: they were joined to others.
  DELETE FROM person_grants WHERE person_id NOT IN (SELECT id FROM people);
  DELETE FROM person_limits WHERE person_id NOT IN (SELECT id FROM people);
  `,
  `
  -- Dialogues that were handed over to a person, wherever they are; the conversation itself knows more.
  CREATE TABLE handovers (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    session TEXT NOT NULL,
    person_id TEXT NOT NULL,
    flow TEXT NOT NULL,
    opened_at_ms INTEGER NOT NULL,
    -- Who answered last.
    answered_by TEXT,
    ended INTEGER NOT NULL DEFAULT 0
  );
  `,
];

export function openDirectorySchema(storage: DurableObjectStorage): void {
  applySchema(storage, STEPS);
}
