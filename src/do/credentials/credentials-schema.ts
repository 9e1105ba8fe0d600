/** The tables of the credentials object, with their versions. */
import { applySchema } from "../schema-steps.ts";

const STEPS: readonly string[] = [
  `
  CREATE TABLE sign_keys (
    kid TEXT PRIMARY KEY,
    created_at_ms INTEGER NOT NULL,
    public_key TEXT NOT NULL,
    -- Sealed: the private key. Null once a newer key signs.
    body BLOB
  ) WITHOUT ROWID;
  CREATE TABLE devices (
    id TEXT PRIMARY KEY,
    person_id TEXT NOT NULL,
    home_id TEXT NOT NULL,
    name TEXT NOT NULL,
    method TEXT NOT NULL,
    device_hash TEXT NOT NULL,
    -- Hashes of refresh tokens, as JSON: those that are good, and those that were until the last renewal.
    live TEXT NOT NULL,
    previous TEXT NOT NULL,
    signed_in_at_ms INTEGER NOT NULL,
    renewed_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX devices_by_person ON devices (person_id, renewed_at_ms);
  CREATE INDEX devices_by_hash ON devices (device_hash);
  `,
  `
  CREATE TABLE passwords (
    id TEXT PRIMARY KEY,
    person_id TEXT NOT NULL UNIQUE,
    -- What is typed to sign in, in small letters.
    name TEXT NOT NULL UNIQUE,
    changed_at_ms INTEGER NOT NULL,
    -- Sealed: salt, hash and cost.
    body BLOB NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE passkeys (
    -- The credential's own id, in base64url.
    id TEXT PRIMARY KEY,
    person_id TEXT NOT NULL,
    name TEXT NOT NULL,
    -- The host that it belongs to.
    host TEXT NOT NULL,
    public_key BLOB NOT NULL,
    counter INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    used_at_ms INTEGER
  ) WITHOUT ROWID;
  CREATE INDEX passkeys_by_person ON passkeys (person_id);
  -- Challenges of passkeys that were answered: none is answered twice.
  CREATE TABLE used_challenges (hash TEXT PRIMARY KEY, expires_at_ms INTEGER NOT NULL) WITHOUT ROWID;
  -- Tries of passwords that are left: a row for each bucket, of which there is a fixed number.
  CREATE TABLE tries (bucket TEXT PRIMARY KEY, left_tries REAL NOT NULL, at_ms INTEGER NOT NULL) WITHOUT ROWID;
  `,
  `
  CREATE TABLE provider_accounts (
    -- Of issuer and subject together.
    hash TEXT PRIMARY KEY,
    person_id TEXT NOT NULL,
    linked_at_ms INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX provider_accounts_by_person ON provider_accounts (person_id);
  `,
  `
  CREATE TABLE export_links (
    hash TEXT PRIMARY KEY,
    person_id TEXT NOT NULL,
    asked_by TEXT NOT NULL UNIQUE,
    asked_at_ms INTEGER NOT NULL,
    -- link, then ticket, then over.
    state TEXT NOT NULL,
    expires_at_ms INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX export_links_by_person ON export_links (person_id);
  `,
];

export function openCredentialsSchema(storage: DurableObjectStorage): void {
  applySchema(storage, STEPS);
}
