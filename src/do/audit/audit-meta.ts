/** What the audit object remembers besides its logs, by name. Synchronous SQL. */
import type { LastCheckpoint } from "./audit-checkpoints.ts";

interface Facts {
  /** The last one that the owner was sent. */
  checkpoint: LastCheckpoint;
  /** Of each option a digest of its value at the last start. */
  options: Record<string, string>;
  /** Addresses that could be reached by name at the last start. */
  allowed: string[];
}

export class AuditMeta {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  get<Name extends keyof Facts>(name: Name): Facts[Name] | undefined {
    const [row] = this.#sql
      .exec<{ value: string }>("SELECT value FROM audit_meta WHERE name = ?", name)
      .toArray();
    return row && (JSON.parse(row.value) as Facts[Name]); // written by set() only
  }

  set<Name extends keyof Facts>(name: Name, value: Facts[Name]): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO audit_meta (name, value) VALUES (?, ?)",
      name,
      JSON.stringify(value),
    );
  }
}
