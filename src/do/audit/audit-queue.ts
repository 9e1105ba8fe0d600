/**
 * Events of an object's own transactions, until the audit log has them: a row beside what it tells of, so that a kill
 * loses neither without the other. Sending one twice changes nothing.
 */
import type { AuditEvent } from "../../core/audit.ts";

const BATCH_EVENTS = 100;

export interface AuditQueueDeps {
  /** Sees to it that `flush` is called soon, whatever becomes of the caller. In the commit of the event. */
  arm(): void;
  append(events: AuditEvent[]): Promise<void>;
}

export class AuditQueue {
  readonly #sql: SqlStorage;
  readonly #deps: AuditQueueDeps;
  #count: number;

  constructor(sql: SqlStorage, deps: AuditQueueDeps) {
    this.#sql = sql;
    this.#deps = deps;
    this.#count = sql.exec<{ n: number }>("SELECT count(*) AS n FROM audit_queue").one().n;
  }

  /** Inside the caller's transaction. */
  add(event: AuditEvent): void {
    this.#sql.exec("INSERT INTO audit_queue (event) VALUES (?)", JSON.stringify(event));
    this.#count += 1;
    this.#deps.arm();
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /**
   * Settles when the audit log has all that were added before: what they tell of may be acknowledged. Throws
   * audit/unavailable: then it stands all the same, and its entry follows.
   */
  async flush(): Promise<void> {
    while (!this.isEmpty) {
      const rows = this.#sql
        .exec<{ seq: number; event: string }>(
          "SELECT seq, event FROM audit_queue ORDER BY seq LIMIT ?",
          BATCH_EVENTS,
        )
        .toArray();
      await this.#deps.append(rows.map(({ event }) => JSON.parse(event) as AuditEvent)); // written by add() only
      this.#sql.exec("DELETE FROM audit_queue WHERE seq <= ?", rows.at(-1)?.seq ?? 0);
      this.#count = this.#sql.exec<{ n: number }>("SELECT count(*) AS n FROM audit_queue").one().n;
    }
  }
}
