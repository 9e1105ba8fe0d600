/** The audit object's own tables, with their versions. */
import { applySchema } from "../schema-steps.ts";

const STEPS: readonly string[] = [
  `
  -- The signing key: made once.
  CREATE TABLE audit_key (
    public_key TEXT PRIMARY KEY,
    -- Sealed: the private half.
    body BLOB NOT NULL
  ) WITHOUT ROWID;

  CREATE TABLE audit_log (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    user_id TEXT,
    subject_id TEXT,
    action_type TEXT NOT NULL,
    -- RFC 3339 with offset; at_ms is the same instant.
    timestamp TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    ip_address TEXT,
    ip_salt TEXT,
    ip_commitment TEXT,
    metadata TEXT NOT NULL,
    -- Sealed: what says who somebody is, and its salt.
    body BLOB,
    personal_commitment TEXT,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL,
    signature TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX audit_log_by_user ON audit_log (user_id);
  CREATE INDEX audit_log_by_subject ON audit_log (subject_id);

  -- One row: how long the log is and how it ends, signed. A log cut off at its end no longer fits it.
  CREATE TABLE audit_head (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    length INTEGER NOT NULL,
    digest TEXT NOT NULL,
    timestamp TEXT NOT NULL,
    signature TEXT NOT NULL
  );

  -- One row at most: what was pruned.
  CREATE TABLE audit_anchor (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    through_seq INTEGER NOT NULL,
    digest TEXT NOT NULL,
    timestamp TEXT NOT NULL,
    signature TEXT NOT NULL
  );

  -- Who opened which address of the administration, when: no part of the chain.
  CREATE TABLE access_log (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id TEXT,
    ip_address TEXT,
    method TEXT NOT NULL,
    route TEXT NOT NULL,
    status INTEGER NOT NULL,
    timestamp TEXT NOT NULL,
    at_ms INTEGER NOT NULL
  );
  CREATE INDEX access_log_by_user ON access_log (user_id);
  CREATE INDEX access_log_by_time ON access_log (at_ms);

  -- When the owner was last sent how the log ends, and what of.
  CREATE TABLE audit_meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  `,
];

export function openAuditSchema(storage: DurableObjectStorage): void {
  applySchema(storage, STEPS);
}
