/** Grants and limits of single people. Synchronous SQL: callers put several calls into one transaction. */
import type { PersonId } from "../../core/ids.ts";
import type { GrantKind, PersonAccess } from "../../core/person-access.ts";
import type { QuotaName } from "../../core/quotas.ts";

export class PersonAccessRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Undefined where nothing was set for the person. */
  of(personId: PersonId): PersonAccess | undefined {
    const channels = this.granted(personId, "channel");
    const models = this.granted(personId, "model");
    const limits = this.#limits(personId);
    const access: PersonAccess = {
      ...(channels.length > 0 ? { channels } : {}),
      ...(models.length > 0 ? { models } : {}),
      ...(limits ? { limits } : {}),
    };
    return Object.keys(access).length > 0 ? access : undefined;
  }

  granted(personId: PersonId, kind: GrantKind): string[] {
    return this.#sql
      .exec<{ value: string }>(
        "SELECT value FROM person_grants WHERE person_id = ? AND kind = ? ORDER BY value",
        personId,
        kind,
      )
      .toArray()
      .map(({ value }) => value);
  }

  grant(personId: PersonId, kind: GrantKind, value: string): void {
    this.#sql.exec(
      "INSERT OR IGNORE INTO person_grants (person_id, kind, value) VALUES (?, ?, ?)",
      personId,
      kind,
      value,
    );
  }

  /** False where it was not granted. */
  revoke(personId: PersonId, kind: GrantKind, value: string): boolean {
    return (
      this.#sql
        .exec(
          "DELETE FROM person_grants WHERE person_id = ? AND kind = ? AND value = ? RETURNING value",
          personId,
          kind,
          value,
        )
        .toArray().length > 0
    );
  }

  /** Undefined: what the role gives. */
  setLimit(personId: PersonId, name: QuotaName, value: number | null | undefined): void {
    this.#sql.exec("DELETE FROM person_limits WHERE person_id = ? AND name = ?", personId, name);
    if (value === undefined) return;
    this.#sql.exec(
      "INSERT INTO person_limits (person_id, name, value) VALUES (?, ?, ?)",
      personId,
      name,
      value,
    );
  }

  /**
   * Two people are one: what was set for the one who goes is set for the other, too, where nothing was; of two limits the
   * lower one stands.
   */
  join(from: PersonId, into: PersonId): void {
    this.#sql.exec(
      `INSERT INTO person_grants (person_id, kind, value) SELECT ?2, kind, value FROM person_grants
       WHERE person_id = ?1 AND kind NOT IN (SELECT kind FROM person_grants WHERE person_id = ?2)`,
      from,
      into,
    );
    // NULL is no limit: whichever number there is, is lower.
    this.#sql.exec(
      `INSERT INTO person_limits (person_id, name, value) SELECT ?2, name, value FROM person_limits WHERE person_id = ?1
       ON CONFLICT DO UPDATE SET value = min(coalesce(value, excluded.value), coalesce(excluded.value, value))`,
      from,
      into,
    );
  }

  forget(personId: PersonId): void {
    this.#sql.exec("DELETE FROM person_grants WHERE person_id = ?", personId);
    this.#sql.exec("DELETE FROM person_limits WHERE person_id = ?", personId);
  }

  #limits(personId: PersonId): PersonAccess["limits"] {
    const rows = this.#sql
      .exec<{ name: string; value: number | null }>(
        "SELECT name, value FROM person_limits WHERE person_id = ? ORDER BY name",
        personId,
      )
      .toArray();
    return rows.length === 0
      ? undefined
      : Object.fromEntries(rows.map(({ name, value }) => [name, value]));
  }
}
