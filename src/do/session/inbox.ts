/**
 * The durable queue of a session: rows are claimed by key, worked on in order within their lane, and kept as claims
 * for a while after they are done. What an event says stands in its message. Synchronous: callers put several calls
 * into one transaction.
 */
import type { PersonId, TurnId } from "../../core/ids.ts";

/** Each lane goes one row at a time and waits for no other: a turn and a long document for the model, a dialogue for nothing. */
export type Lane = "command" | "dialogue" | "turn" | "digest";

/** What a person says, and can take back. */
const SPOKEN = ["dialogue", "turn", "digest"] as const;
const NONE_QUEUED: Readonly<Record<Lane, number>> = { command: 0, dialogue: 0, turn: 0, digest: 0 };

export interface InboxRow {
  seq: number;
  turnId: TurnId;
  acceptedAtMs: number;
  attempts: number;
  nextAtMs: number;
}

export interface CancelledRow {
  seq: number;
  turnId: TurnId;
}

export interface NewInboxRow {
  key: string;
  lane: Lane;
  turnId: TurnId;
  personId: PersonId;
  /** Platform id of the message, for an edit that comes later. */
  messageRef: string | undefined;
}

/** Rows that may wait in one lane. */
export const MAX_QUEUED = 100;
/** How long a done row keeps its claim: twice the longest time for which a platform redelivers unacknowledged events. */
export const CLAIM_MS = 48 * 3_600_000;
/** Old claims are dropped with every so many new ones, more than have come in since. */
const PRUNE_EVERY = 16;
const PRUNE_ROWS = 64;

interface StoredRow extends Record<string, SqlStorageValue> {
  seq: number;
  turn_id: string;
  accepted_at_ms: number;
  attempts: number;
  next_at_ms: number;
}

const ROW = "SELECT seq, turn_id, accepted_at_ms, attempts, next_at_ms FROM inbox";

function toRow(stored: StoredRow): InboxRow {
  return {
    seq: stored.seq,
    turnId: stored.turn_id as TurnId, // written by claim() only
    acceptedAtMs: stored.accepted_at_ms,
    attempts: stored.attempts,
    nextAtMs: stored.next_at_ms,
  };
}

export function hasClaim(sql: SqlStorage, key: string): boolean {
  return sql.exec("SELECT 1 FROM inbox WHERE key = ?", key).toArray().length > 0;
}

/** True where the newest is older than anything that comes again. */
export function areClaimsOver(sql: SqlStorage, nowMs: number): boolean {
  const [newest] = sql
    .exec<{ at: number }>("SELECT accepted_at_ms AS at FROM inbox ORDER BY seq DESC LIMIT 1")
    .toArray();
  return newest === undefined || newest.at < nowMs - CLAIM_MS;
}

export class Inbox {
  readonly #sql: SqlStorage;
  /** Queued rows of each lane, counted once and kept in step: asking whether there is work costs no query. */
  #queued: Record<Lane, number> = { ...NONE_QUEUED };
  /** The oldest queued row of each lane once it was looked up, until a queued row changes. */
  readonly #heads = new Map<Lane, InboxRow>();
  #claims = 0;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.reload();
  }

  /** Remembers what the table says, and nothing else. */
  reload(): void {
    this.#heads.clear();
    this.#queued = { ...NONE_QUEUED };
    const rows = this.#sql.exec<{ lane: Lane; n: number }>(
      "SELECT lane, count(*) AS n FROM inbox WHERE state = 'queued' GROUP BY lane",
    );
    for (const { lane, n } of rows) this.#queued[lane] = n;
  }

  queued(lane: Lane): number {
    return this.#queued[lane];
  }

  has(key: string): boolean {
    return hasClaim(this.#sql, key);
  }

  claim(row: NewInboxRow, nowMs: number): "accepted" | "duplicate" | "full" {
    if (this.#queued[row.lane] >= MAX_QUEUED) return this.has(row.key) ? "duplicate" : "full";
    const inserted = this.#sql
      .exec(
        "INSERT INTO inbox (key, lane, state, turn_id, person_id, message_ref, accepted_at_ms) VALUES (?, ?, 'queued', ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING seq",
        row.key,
        row.lane,
        row.turnId,
        row.personId,
        row.messageRef ?? null,
        nowMs,
      )
      .toArray();
    if (inserted.length === 0) return "duplicate";
    this.#queued[row.lane] += 1;
    this.#claims += 1;
    if (this.#claims % PRUNE_EVERY === 0) this.#prune(nowMs);
    return "accepted";
  }

  #prune(nowMs: number): void {
    this.#sql.exec(
      "DELETE FROM inbox WHERE seq IN (SELECT seq FROM inbox ORDER BY seq LIMIT ?) AND state <> 'queued' AND accepted_at_ms < ?",
      PRUNE_ROWS,
      nowMs - CLAIM_MS,
    );
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
  head(lane: Lane): InboxRow | undefined {
    if (this.#queued[lane] === 0) return undefined;
    const known = this.#heads.get(lane);
    if (known) return known;
    const [stored] = this.#sql
      .exec<StoredRow>(`${ROW} WHERE state = 'queued' AND lane = ? ORDER BY seq LIMIT 1`, lane)
      .toArray();
    if (!stored) return undefined;
    const head = toRow(stored);
    this.#heads.set(lane, head);
    return head;
  }

  isQueued(seq: number): boolean {
    return (
      this.#sql.exec("SELECT 1 FROM inbox WHERE seq = ? AND state = 'queued'", seq).toArray()
        .length > 0
    );
  }

  /** The claim stays. A row that was cancelled meanwhile stays cancelled. */
  finish(seq: number): void {
    this.#heads.clear();
    const done = this.#sql
      .exec<{ lane: Lane }>(
        "UPDATE inbox SET state = 'done' WHERE seq = ? AND state = 'queued' RETURNING lane",
        seq,
      )
      .toArray();
    for (const { lane } of done) this.#queued[lane] -= 1;
  }

  postpone(seq: number, nextAtMs: number): void {
    this.#heads.clear();
    this.#sql.exec(
      "UPDATE inbox SET next_at_ms = ?, attempts = attempts + 1 WHERE seq = ?",
      nextAtMs,
      seq,
    );
  }

  /** Messages of a person that wait or are being answered, in one lane or all. */
  countOf(personId: PersonId, lane?: Lane): number {
    return this.#sql
      .exec<{ n: number }>(
        "SELECT count(*) AS n FROM inbox WHERE state = 'queued' AND lane <> 'command' AND lane = coalesce(?, lane) AND person_id = ?",
        lane ?? null,
        personId,
      )
      .one().n;
  }

  /** Takes the waiting and running messages of a person out, or of everybody; in one lane or all. */
  cancel(personId?: PersonId, lanes: readonly Lane[] = SPOKEN): CancelledRow[] {
    this.#heads.clear();
    return lanes.flatMap((lane) => {
      const rows = this.#sql
        .exec<{ seq: number; turn_id: string }>(
          "UPDATE inbox SET state = 'cancelled' WHERE state = 'queued' AND lane = ? AND person_id = coalesce(?, person_id) RETURNING seq, turn_id",
          lane,
          personId ?? null,
        )
        .toArray();
      this.#queued[lane] -= rows.length;
      return rows.map((row) => ({ seq: row.seq, turnId: row.turn_id as TurnId })); // as in toRow
    });
  }

  /** A message that waits in one lane goes on in another, in its old place and at once. */
  move(seq: number, from: Lane, to: Lane): void {
    this.#heads.clear();
    const moved = this.#sql
      .exec(
        "UPDATE inbox SET lane = ?, next_at_ms = 0 WHERE seq = ? AND lane = ? AND state = 'queued' RETURNING seq",
        to,
        seq,
        from,
      )
      .toArray();
    this.#queued[from] -= moved.length;
    this.#queued[to] += moved.length;
  }

  /** The queued row of a platform message that was edited. */
  findEdited(messageRef: string): InboxRow | undefined {
    const [stored] = this.#sql
      .exec<StoredRow>(
        `${ROW} WHERE state = 'queued' AND lane <> 'command' AND message_ref = ?`,
        messageRef,
      )
      .toArray();
    return stored && toRow(stored);
  }

  /** The turn that a platform message began, as long as its claim is kept. */
  findTurn(messageRef: string): TurnId | undefined {
    const [stored] = this.#sql
      .exec<{ turn_id: string }>(
        "SELECT turn_id FROM inbox WHERE message_ref = ? ORDER BY seq DESC LIMIT 1",
        messageRef,
      )
      .toArray();
    return stored && (stored.turn_id as TurnId); // as in toRow
  }

  /** A new text is worth a try at once. */
  hasten(seq: number): void {
    this.#heads.clear();
    this.#sql.exec("UPDATE inbox SET next_at_ms = 0 WHERE seq = ?", seq);
  }

  turnOf(key: string): { turnId: TurnId; isOpen: boolean } | undefined {
    const [stored] = this.#sql
      .exec<{ turn_id: string; state: string }>(
        "SELECT turn_id, state FROM inbox WHERE key = ?",
        key,
      )
      .toArray();
    return stored && { turnId: stored.turn_id as TurnId, isOpen: stored.state === "queued" }; // as in toRow
  }
}
