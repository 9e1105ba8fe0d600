/** The tables of the credentials object, with their versions. */
import { applySchema } from "./schema-steps.ts";

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
];

export function openCredentialsSchema(storage: DurableObjectStorage): void {
  applySchema(storage, STEPS);
}
