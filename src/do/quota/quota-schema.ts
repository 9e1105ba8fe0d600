/** The quota object's own table, with its version. */
import { applySchema } from "../schema-steps.ts";

const STEPS: readonly string[] = [
  `
  -- What each person has had today.
  CREATE TABLE spent (
    person_id TEXT PRIMARY KEY,
    day TEXT NOT NULL,
    messages INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    files INTEGER NOT NULL,
    file_bytes INTEGER NOT NULL,
    conversations INTEGER NOT NULL
  ) WITHOUT ROWID;
  `,
];

export function openQuotaSchema(storage: DurableObjectStorage): void {
  applySchema(storage, STEPS);
}
