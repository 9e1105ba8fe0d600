/**
 * Links by which people take a copy of their own data. Each works once and for a short time; a newer one ends the one
 * before, and there are a few a day. The click makes a ticket of it, for the one download. Hashes only; synchronous SQL.
 */
import type { PersonId } from "../../core/ids.ts";
import { EXPORT_LINK_MS } from "../../core/own-export.ts";

/** From the click to the first byte. */
export const EXPORT_TICKET_MS = 60_000;
export const MAX_EXPORTS_A_DAY = 5;
/** Of all people together; the oldest go first. */
export const MAX_EXPORT_LINKS = 1_000;
const DAY_MS = 24 * 3_600_000;

const LIFE_MS = { link: EXPORT_LINK_MS, ticket: EXPORT_TICKET_MS };

export interface AskedExport {
  personId: PersonId;
  hash: string;
  kind: keyof typeof LIFE_MS;
  /** Names the asking: one that runs twice asks once. */
  askedBy: string;
}

export class ExportLinks {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** False where the person has asked too often. Inside the caller's transaction. */
  ask({ personId, hash, kind, askedBy }: AskedExport, nowMs: number): boolean {
    this.#sql.exec(
      "DELETE FROM export_links WHERE asked_by = ? OR asked_at_ms <= ? OR asked_at_ms > ?",
      askedBy,
      nowMs - DAY_MS,
      nowMs + DAY_MS,
    );
    const { n } = this.#sql
      .exec<{ n: number }>("SELECT count(*) AS n FROM export_links WHERE person_id = ?", personId)
      .one();
    if (n >= MAX_EXPORTS_A_DAY) return false;
    this.#sql.exec("UPDATE export_links SET state = 'over' WHERE person_id = ?", personId);
    this.#sql.exec(
      "DELETE FROM export_links WHERE hash NOT IN (SELECT hash FROM export_links ORDER BY asked_at_ms DESC, hash LIMIT ?)",
      MAX_EXPORT_LINKS - 1,
    );
    this.#sql.exec(
      "INSERT INTO export_links (hash, person_id, asked_by, asked_at_ms, state, expires_at_ms) VALUES (?, ?, ?, ?, ?, ?)",
      hash,
      personId,
      askedBy,
      nowMs,
      kind,
      nowMs + LIFE_MS[kind],
    );
    return true;
  }

  /** Makes a ticket of a link. False for no link in force. */
  exchange(hash: string, ticketHash: string, nowMs: number): boolean {
    return (
      this.#pass("link", hash, nowMs, {
        hash: ticketHash,
        state: "ticket",
        expiresAtMs: nowMs + EXPORT_TICKET_MS,
      }) !== undefined
    );
  }

  /** Whose data the ticket is for, once; undefined for no ticket in force. */
  take(hash: string, nowMs: number): PersonId | undefined {
    return this.#pass("ticket", hash, nowMs, { hash, state: "over", expiresAtMs: nowMs });
  }

  /** One that has longer to live than any was given is of a time that has not come: the clock was set back. */
  #pass(
    kind: keyof typeof LIFE_MS,
    hash: string,
    nowMs: number,
    next: { hash: string; state: string; expiresAtMs: number },
  ): PersonId | undefined {
    const [row] = this.#sql
      .exec<{ person_id: string }>(
        "UPDATE export_links SET hash = ?, state = ?, expires_at_ms = ? WHERE hash = ? AND state = ? AND expires_at_ms > ? AND expires_at_ms <= ? RETURNING person_id",
        next.hash,
        next.state,
        next.expiresAtMs,
        hash,
        kind,
        nowMs,
        nowMs + LIFE_MS[kind],
      )
      .toArray();
    return row && (row.person_id as PersonId); // stored by ask()
  }

  forget(personId: PersonId): void {
    this.#sql.exec("DELETE FROM export_links WHERE person_id = ?", personId);
  }

  /** What one person asked for is another's from now on: the two turned out to be one. */
  follow(from: PersonId, into: PersonId): void {
    this.#sql.exec("UPDATE export_links SET person_id = ? WHERE person_id = ?", into, from);
  }
}
