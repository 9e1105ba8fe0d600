/**
 * A session's own tables, with their versions: each step runs once in each object, in order, in one transaction with
 * its version number. Columns named `body` are sealed.
 */
import { applySchema } from "../schema-steps.ts";

const STEPS: readonly string[] = [
  `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

  -- Every event that was accepted; the key is the claim that makes a repeat harmless. What it says is in messages.
  CREATE TABLE inbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    lane TEXT NOT NULL,
    state TEXT NOT NULL,
    turn_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    -- Platform id of the message, for an edit that comes later.
    message_ref TEXT,
    accepted_at_ms INTEGER NOT NULL,
    next_at_ms INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0
  );
  CREATE INDEX inbox_queued ON inbox (lane, seq) WHERE state = 'queued';

  CREATE TABLE messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    -- Begins with the id of its turn.
    id TEXT NOT NULL UNIQUE,
    turn_id TEXT NOT NULL,
    role TEXT NOT NULL,
    person_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    -- 1: no part of what the model is told (commands, failures).
    aside INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    body BLOB NOT NULL
  );

  CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    turn_id TEXT NOT NULL,
    account TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    -- How often a later text took the place of an unsent one.
    rewrites INTEGER NOT NULL DEFAULT 0,
    next_at_ms INTEGER NOT NULL DEFAULT 0,
    at_ms INTEGER NOT NULL,
    -- Platform id of what was sent, once it is known.
    ref TEXT,
    body BLOB NOT NULL
  );
  CREATE INDEX outbox_open ON outbox (seq) WHERE state NOT IN ('sent', 'parked');
  CREATE INDEX outbox_by_turn ON outbox (turn_id);

  -- Log rows besides the messages, until D1 has them.
  CREATE TABLE journal (seq INTEGER PRIMARY KEY AUTOINCREMENT, entries TEXT NOT NULL);

  CREATE TABLE files (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    -- Name and type.
    body BLOB NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE file_chunks (
    file_id TEXT NOT NULL,
    part INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (file_id, part)
  ) WITHOUT ROWID;
  `,
  `
  -- Notes that stand in every prompt until they are taken away.
  CREATE TABLE pins (number INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, body BLOB NOT NULL);

  -- What was said up to a position, in short. One row at most.
  CREATE TABLE summary (through_seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, body BLOB NOT NULL);
  `,
  `
  CREATE TABLE reminders (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    -- What it says is named by it.
    turn_id TEXT NOT NULL UNIQUE,
    person_id TEXT NOT NULL,
    account TEXT NOT NULL,
    due_at_ms INTEGER NOT NULL,
    next_at_ms INTEGER NOT NULL,
    -- Sealed: the text, where it goes, language and time zone.
    body BLOB NOT NULL
  );
  CREATE INDEX reminders_by_time ON reminders (next_at_ms);
  `,
  `
  -- Dialogue flows that run: one for each person at most.
  CREATE TABLE dialogues (
    person_id TEXT PRIMARY KEY,
    flow TEXT NOT NULL,
    version INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    -- When silence has lasted too long.
    due_at_ms INTEGER NOT NULL,
    body BLOB NOT NULL,
    -- Sealed, too: the flow as it was when the dialogue began.
    definition BLOB NOT NULL
  ) WITHOUT ROWID;

  -- What the owner is to be told, until his own conversation has it.
  CREATE TABLE notices (
    id TEXT PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at_ms INTEGER NOT NULL DEFAULT 0,
    body BLOB NOT NULL
  ) WITHOUT ROWID;
  `,
  `
  -- Long documents that are being read part by part: level 0 is their text, higher ones are notes on it.
  CREATE TABLE digests (turn_id TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, body BLOB NOT NULL) WITHOUT ROWID;
  CREATE TABLE digest_parts (
    turn_id TEXT NOT NULL,
    level INTEGER NOT NULL,
    part INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (turn_id, level, part)
  ) WITHOUT ROWID;
  `,
  `
  -- Who was handed over to a person, until that is over.
  CREATE TABLE handovers (
    id TEXT PRIMARY KEY,
    person_id TEXT NOT NULL UNIQUE,
    flow TEXT NOT NULL,
    -- In the directory's list, once it is there.
    number INTEGER,
    at_ms INTEGER NOT NULL,
    next_at_ms INTEGER NOT NULL,
    acknowledged INTEGER NOT NULL DEFAULT 0,
    -- Who answered last, and where he is told what comes next.
    desk TEXT,
    body BLOB NOT NULL
  ) WITHOUT ROWID;
  -- Those that are over, until the directory knows.
  CREATE TABLE ended_handovers (
    id TEXT PRIMARY KEY,
    person_id TEXT NOT NULL,
    why TEXT NOT NULL,
    ended_by TEXT,
    number INTEGER,
    desk TEXT
  ) WITHOUT ROWID;
  `,
];

export function openSessionSchema(storage: DurableObjectStorage): void {
  applySchema(storage, STEPS);
}
