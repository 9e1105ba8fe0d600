/** The access log: who opened which address of the administration, when; no content, no part of the chain. Synchronous SQL. */
import type { AccessEntry, AccessNote } from "../../core/audit.ts";

/** Beyond them the oldest go, whatever their age. */
export const MAX_ACCESS_ROWS = 500_000;
/** Looked at with every so many new ones. */
const TRIM_EVERY = 1_000;

export class AccessRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  add({ userId, ip, method, route, status, atMs }: AccessNote, timestamp: string): void {
    const { seq } = this.#sql
      .exec<{ seq: number }>(
        "INSERT INTO access_log (user_id, ip_address, method, route, status, timestamp, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING seq",
        userId,
        ip,
        method,
        route,
        status,
        timestamp,
        atMs,
      )
      .one();
    if (seq % TRIM_EVERY === 0)
      this.#sql.exec("DELETE FROM access_log WHERE seq <= ?", seq - MAX_ACCESS_ROWS);
  }

  /** Newest first. */
  before(seq: number, limit: number): AccessEntry[] {
    return this.#find(
      "SELECT * FROM access_log WHERE seq < ? ORDER BY seq DESC LIMIT ?",
      seq,
      limit,
    );
  }

  /** Oldest first. */
  of(personId: string, afterSeq: number, limit: number): AccessEntry[] {
    return this.#find(
      "SELECT * FROM access_log WHERE seq > ? AND user_id = ? ORDER BY seq LIMIT ?",
      afterSeq,
      personId,
      limit,
    );
  }

  /** How many were older. */
  prune(cutoffMs: number): number {
    return this.#sql
      .exec("DELETE FROM access_log WHERE at_ms < ? RETURNING seq", cutoffMs)
      .toArray().length;
  }

  erase(personId: string): number {
    return this.#sql
      .exec("DELETE FROM access_log WHERE user_id = ? RETURNING seq", personId)
      .toArray().length;
  }

  #find(query: string, ...values: SqlStorageValue[]): AccessEntry[] {
    return this.#sql
      .exec<AccessEntry & { at_ms: number } & Record<string, SqlStorageValue>>(query, ...values)
      .toArray()
      .map(({ at_ms: _atMs, ...entry }) => entry);
  }
}
