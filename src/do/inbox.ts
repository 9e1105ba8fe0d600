/**
 * The durable queue of a session: rows are claimed by key, worked on in order within their lane, and kept as claims
 * for a while after they are done. Synchronous: callers put several calls into one transaction.
 */
import type { PersonId, TurnId } from "../core/ids.ts";

/** Commands are answered while a turn runs; turns go one at a time. */
export type Lane = "command" | "turn";

export interface InboxRow {
  seq: number;
  key: string;
  lane: Lane;
  turnId: TurnId;
  personId: PersonId;
  acceptedAtMs: number;
  attempts: number;
  body: Uint8Array;
}

export interface NewInboxRow {
  key: string;
  lane: Lane;
  turnId: TurnId;
  personId: PersonId;
  messageRef: string | undefined;
  body: Uint8Array;
}

/** Messages that may wait in one conversation. */
export const MAX_QUEUED = 100;
/** How long a done row keeps its claim: twice the longest time for which a platform redelivers unacknowledged events. */
export const CLAIM_MS = 48 * 3_600_000;
/** Old claims dropped with each new one: more than come in, so that the table shrinks. */
const PRUNE_ROWS = 4;

interface StoredRow extends Record<string, SqlStorageValue> {
  seq: number;
  key: string;
  lane: string;
  turn_id: string;
  person_id: string;
  accepted_at_ms: number;
  attempts: number;
  next_at_ms: number;
  body: ArrayBuffer;
}

function toRow(stored: StoredRow): InboxRow {
  return {
    seq: stored.seq,
    key: stored.key,
    lane: stored.lane as Lane, // written by claim() only
    turnId: stored.turn_id as TurnId,
    personId: stored.person_id as PersonId,
    acceptedAtMs: stored.accepted_at_ms,
    attempts: stored.attempts,
    body: new Uint8Array(stored.body),
  };
}

export class Inbox {
  readonly #sql: SqlStorage;
  /** Queued rows, counted once and kept in step: the limit costs no query. */
  #queued: number;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#queued = this.#sql
      .exec<{ n: number }>("SELECT count(*) AS n FROM inbox WHERE state = 'queued'")
      .one().n;
  }

  queuedTurns(): number {
    return this.#sql
      .exec<{ n: number }>(
        "SELECT count(*) AS n FROM inbox WHERE state = 'queued' AND lane = 'turn'",
      )
      .one().n;
  }

  get queued(): number {
    return this.#queued;
  }

  has(key: string): boolean {
    return this.#sql.exec("SELECT 1 FROM inbox WHERE key = ?", key).toArray().length > 0;
  }

  claim(row: NewInboxRow, nowMs: number): "accepted" | "duplicate" | "full" {
    if (this.has(row.key)) return "duplicate";
    if (this.#queued >= MAX_QUEUED && row.lane === "turn") return "full";
    this.#sql.exec(
      "INSERT INTO inbox (key, lane, state, turn_id, person_id, message_ref, accepted_at_ms, body) VALUES (?, ?, 'queued', ?, ?, ?, ?, ?)",
      row.key,
      row.lane,
      row.turnId,
      row.personId,
      row.messageRef ?? null,
      nowMs,
      row.body,
    );
    this.#queued += 1;
    this.#sql.exec(
      "DELETE FROM inbox WHERE seq IN (SELECT seq FROM inbox ORDER BY seq LIMIT ?) AND state <> 'queued' AND accepted_at_ms < ?",
      PRUNE_ROWS,
      nowMs - CLAIM_MS,
    );
    return "accepted";
  }

  /** Claims a key for an event that needs no work of its own. */
  claimDone(key: string, turnId: TurnId, personId: PersonId, nowMs: number): void {
    this.#sql.exec(
      "INSERT INTO inbox (key, lane, state, turn_id, person_id, accepted_at_ms) VALUES (?, 'turn', 'done', ?, ?, ?)",
      key,
      turnId,
      personId,
      nowMs,
    );
  }

  /** The oldest queued row of a lane, due or not: rows behind it wait with it. */
  head(lane: Lane): { row: InboxRow; nextAtMs: number } | undefined {
    const [stored] = this.#sql
      .exec<StoredRow>(
        "SELECT * FROM inbox WHERE state = 'queued' AND lane = ? ORDER BY seq LIMIT 1",
        lane,
      )
      .toArray();
    return stored && { row: toRow(stored), nextAtMs: stored.next_at_ms };
  }

  isQueued(seq: number): boolean {
    return (
      this.#sql.exec("SELECT 1 FROM inbox WHERE seq = ? AND state = 'queued'", seq).toArray()
        .length > 0
    );
  }

  /** The claim stays, the content goes. */
  finish(seq: number): void {
    const cursor = this.#sql.exec(
      "UPDATE inbox SET state = 'done', body = NULL WHERE seq = ? AND state = 'queued'",
      seq,
    );
    this.#queued -= cursor.rowsWritten > 0 ? 1 : 0;
  }

  postpone(seq: number, nextAtMs: number): void {
    this.#sql.exec(
      "UPDATE inbox SET next_at_ms = ?, attempts = attempts + 1 WHERE seq = ?",
      nextAtMs,
      seq,
    );
  }

  /** Messages of a person that wait or are being answered. */
  countOf(personId: PersonId): number {
    return this.#sql
      .exec<{ n: number }>(
        "SELECT count(*) AS n FROM inbox WHERE state = 'queued' AND lane = 'turn' AND person_id = ?",
        personId,
      )
      .one().n;
  }

  /** Takes a person's waiting and running messages out; the seqs of those it took. */
  cancel(personId: PersonId): number[] {
    const rows = this.#sql
      .exec<{ seq: number }>(
        "SELECT seq FROM inbox WHERE state = 'queued' AND lane = 'turn' AND person_id = ?",
        personId,
      )
      .toArray()
      .map((row) => row.seq);
    for (const seq of rows)
      this.#sql.exec("UPDATE inbox SET state = 'cancelled', body = NULL WHERE seq = ?", seq);
    this.#queued -= rows.length;
    return rows;
  }

  /** The queued row of a platform message that was edited. */
  findEdited(messageRef: string): { seq: number; turnId: TurnId } | undefined {
    const [stored] = this.#sql
      .exec<StoredRow>(
        "SELECT * FROM inbox WHERE state = 'queued' AND lane = 'turn' AND message_ref = ?",
        messageRef,
      )
      .toArray();
    return stored && { seq: stored.seq, turnId: toRow(stored).turnId };
  }

  replaceBody(seq: number, body: Uint8Array): void {
    this.#sql.exec("UPDATE inbox SET body = ?, next_at_ms = 0 WHERE seq = ?", body, seq);
  }

  turnOf(key: string): { turnId: TurnId; isOpen: boolean } | undefined {
    const [stored] = this.#sql
      .exec<{ turn_id: string; state: string }>(
        "SELECT turn_id, state FROM inbox WHERE key = ?",
        key,
      )
      .toArray();
    return stored && { turnId: stored.turn_id as TurnId, isOpen: stored.state === "queued" };
  }

  /** Everything queued loses its content; claims stay. */
  forget(): void {
    this.#sql.exec(
      "UPDATE inbox SET state = 'cancelled', body = NULL WHERE state = 'queued' AND lane = 'turn'",
    );
    this.#queued = this.#sql
      .exec<{ n: number }>("SELECT count(*) AS n FROM inbox WHERE state = 'queued'")
      .one().n;
  }
}
