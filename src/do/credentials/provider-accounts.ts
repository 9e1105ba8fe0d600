/** Accounts at the provider that people have linked, as hashes: what comes back from there is found, and none is read out. */
import { AppError } from "../../core/errors.ts";
import type { PersonId } from "../../core/ids.ts";

export class ProviderAccounts {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  find(hash: string): PersonId | undefined {
    const rows = this.#sql.exec<{ person_id: PersonId }>(
      "SELECT person_id FROM provider_accounts WHERE hash = ?",
      hash,
    );
    return rows.toArray()[0]?.person_id;
  }

  /** In place of the one before. Throws sign_in/provider_taken. */
  link(personId: PersonId, hash: string, nowMs: number): void {
    const owner = this.find(hash);
    if (owner !== undefined && owner !== personId) throw new AppError("sign_in/provider_taken");
    this.forget(personId);
    this.#sql.exec(
      "INSERT INTO provider_accounts (hash, person_id, linked_at_ms) VALUES (?, ?, ?)",
      hash,
      personId,
      nowMs,
    );
  }

  linkedAtMs(personId: PersonId): number | undefined {
    const rows = this.#sql.exec<{ linked_at_ms: number }>(
      "SELECT linked_at_ms FROM provider_accounts WHERE person_id = ? ORDER BY linked_at_ms DESC LIMIT 1",
      personId,
    );
    return rows.toArray()[0]?.linked_at_ms;
  }

  forget(personId: PersonId): void {
    this.#sql.exec("DELETE FROM provider_accounts WHERE person_id = ?", personId);
  }

  /** Two people who turned out to be one go on signing in by the accounts of both. */
  follow(from: PersonId, into: PersonId): void {
    this.#sql.exec("UPDATE provider_accounts SET person_id = ? WHERE person_id = ?", into, from);
  }
}
