/**
 * What a session says, as rows: each is kept before it is sent, and marked when the platform has taken it. A pending
 * row that a crash cut off may have been sent: it is sent again under the same key. Synchronous SQL and the pure rule of
 * what is sent next; do/delivery/deliver.ts has the effects.
 */
import type { AccountKey, PersonId, SessionKey, TurnId } from "../../core/ids.ts";
import type { Target } from "../../core/message.ts";
import { type Keyring, openJson, sealJson } from "../../security/keyring.ts";

/** `live`: a running turn shows itself in this message; its text is not final and not to be sent. */
export type OutboxState = "live" | "pending" | "sent" | "parked";

/** What is sealed of a row. */
export interface OutboxBody {
  markdown: string;
  target: Target;
}

export interface OutboxRow {
  seq: number;
  key: string;
  turnId: TurnId;
  account: AccountKey;
  state: OutboxState;
  attempts: number;
  nextAtMs: number;
  atMs: number;
  ref: string | undefined;
  sealed: Uint8Array;
}

/** A text on its way into the outbox. */
export interface SealedText {
  key: string;
  body: OutboxBody;
  sealed: Uint8Array;
}

export interface NewOutboxRow extends SealedText {
  turnId: TurnId;
  account: AccountKey;
  state: "live" | "pending";
}

/** Spelled as the index is, so that rows which are done are not looked at. */
const PENDING = "state NOT IN ('sent', 'parked') AND state <> 'live'";
/** How long sent rows stay, for `?wait=1` callers that come again. */
const KEEP_SENT_MS = 48 * 3_600_000;
/** Old rows are dropped with every so many new ones, more than have come in since. */
const PRUNE_EVERY = 16;
const PRUNE_ROWS = 64;
/** Texts kept open besides their rows. */
const MAX_FRESH = 100;

interface StoredRow extends Record<string, SqlStorageValue> {
  seq: number;
  key: string;
  turn_id: string;
  account: string;
  state: string;
  attempts: number;
  next_at_ms: number;
  at_ms: number;
  ref: string | null;
  body: ArrayBuffer;
}

function toRow(stored: StoredRow): OutboxRow {
  return {
    seq: stored.seq,
    key: stored.key,
    turnId: stored.turn_id as TurnId, // written by put() only, as are the two below
    account: stored.account as AccountKey,
    state: stored.state as OutboxState,
    attempts: stored.attempts,
    nextAtMs: stored.next_at_ms,
    atMs: stored.at_ms,
    ref: stored.ref ?? undefined,
    sealed: new Uint8Array(stored.body),
  };
}

export type NextSend =
  | { status: "send"; row: OutboxRow }
  | { status: "wait"; untilMs: number }
  | { status: "idle" };

/** `heads` are the oldest pending rows of each account: what is said there stays in order, and none waits for another. Pure. */
export function decideNextSend(heads: readonly OutboxRow[], nowMs: number): NextSend {
  const row = heads.find((head) => head.nextAtMs <= nowMs);
  if (row) return { status: "send", row };
  return heads.length === 0
    ? { status: "idle" }
    : { status: "wait", untilMs: Math.min(...heads.map((head) => head.nextAtMs)) };
}

export class Outbox {
  readonly #sql: SqlStorage;
  readonly #keyring: Keyring;
  readonly #session: SessionKey;
  /** Rows that are neither sent nor parked: asking whether there is work costs no query. */
  #open = 0;
  #puts = 0;
  /** The oldest pending row, and that of each account, once they were looked up and until a row changes. */
  #first: OutboxRow | undefined;
  #heads: readonly OutboxRow[] | undefined;
  /** Bodies of rows made in this life of the object: sending them opens no envelope. */
  readonly #fresh = new Map<string, OutboxBody>();

  constructor(sql: SqlStorage, keyring: Keyring, session: SessionKey) {
    this.#sql = sql;
    this.#keyring = keyring;
    this.#session = session;
    this.reload();
  }

  /** Remembers what the table says, and nothing else. */
  reload(): void {
    this.#forgetHeads();
    this.#fresh.clear();
    this.#count();
  }

  #count(): void {
    this.#open = this.#sql
      .exec<{ n: number }>("SELECT count(*) AS n FROM outbox WHERE state NOT IN ('sent', 'parked')")
      .one().n;
  }

  #place(key: string): string {
    return `outbox|${this.#session}|${key}`;
  }

  async seal(key: string, body: OutboxBody, personId: PersonId): Promise<SealedText> {
    const sealed = await sealJson(this.#keyring, this.#place(key), body, personId);
    return { key, body, sealed };
  }

  async open(row: OutboxRow): Promise<OutboxBody> {
    return this.#fresh.get(row.key) ?? openJson(this.#keyring, this.#place(row.key), row.sealed);
  }

  /**
   * Inside the caller's transaction. A row of the same key gets the new text and state and keeps its platform id; the
   * final text of an unfinished one does, never the other way round.
   */
  put(row: NewOutboxRow, nowMs: number): void {
    this.#forgetHeads();
    const [stored] = this.#sql
      .exec<{ is_new: number }>(
        `INSERT INTO outbox (key, turn_id, account, state, at_ms, body) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (key) DO UPDATE SET state = excluded.state, body = excluded.body, next_at_ms = 0, rewrites = rewrites + 1
         WHERE state IN ('live', excluded.state) RETURNING rewrites = 0 AS is_new`,
        row.key,
        row.turnId,
        row.account,
        row.state,
        nowMs,
        row.sealed,
      )
      .toArray();
    if (stored?.is_new) this.#open += 1;
    if (stored && this.#fresh.size < MAX_FRESH) this.#fresh.set(row.key, row.body);
    else this.#fresh.delete(row.key);
    this.#puts += 1;
    if (this.#puts % PRUNE_EVERY === 0) this.#prune(nowMs);
  }

  #prune(nowMs: number): void {
    this.#sql.exec(
      "DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox ORDER BY seq LIMIT ?) AND state IN ('sent', 'parked') AND at_ms < ?",
      PRUNE_ROWS,
      nowMs - KEEP_SENT_MS,
    );
  }

  next(nowMs: number): NextSend {
    if (this.#open === 0) return { status: "idle" };
    // The oldest row of all is mostly due, and grouping by account costs several times as much as sending it.
    this.#first ??= this.#find(`SELECT * FROM outbox WHERE ${PENDING} ORDER BY seq LIMIT 1`)[0];
    if (!this.#first) return { status: "idle" };
    if (this.#first.nextAtMs <= nowMs) return { status: "send", row: this.#first };
    this.#heads ??= this.#find(
      `SELECT *, min(seq) FROM outbox WHERE ${PENDING} GROUP BY account ORDER BY seq`,
    );
    return decideNextSend(this.#heads, nowMs);
  }

  #find(query: string, ...values: SqlStorageValue[]): OutboxRow[] {
    return this.#sql
      .exec<StoredRow>(query, ...values)
      .toArray()
      .map(toRow);
  }

  #forgetHeads(): void {
    this.#first = undefined;
    this.#heads = undefined;
  }

  /** When the next row is due; now or earlier where one is. */
  dueAtMs(nowMs: number): number | undefined {
    const next = this.next(nowMs);
    if (next.status === "idle") return undefined;
    return next.status === "send" ? nowMs : next.untilMs;
  }

  find(key: string): OutboxRow | undefined {
    return this.#find("SELECT * FROM outbox WHERE key = ?", key)[0];
  }

  ofTurn(turnId: TurnId): OutboxRow[] {
    return this.#find("SELECT * FROM outbox WHERE turn_id = ? ORDER BY seq", turnId);
  }

  setRef(key: string, ref: string): void {
    this.#forgetHeads();
    this.#sql.exec("UPDATE outbox SET ref = ? WHERE key = ?", ref, key);
  }

  /** Nothing where the row was forgotten while it was sent. */
  markSent(row: OutboxRow, ref: string): void {
    const query = "UPDATE outbox SET state = 'sent', ref = ? WHERE seq = ? RETURNING seq";
    this.#close(row, this.#sql.exec(query, ref, row.seq));
  }

  #close(row: OutboxRow, closed: SqlStorageCursor<Record<string, SqlStorageValue>>): void {
    this.#forgetHeads();
    this.#fresh.delete(row.key);
    this.#open -= closed.toArray().length;
  }

  retryAt(seq: number, nextAtMs: number): void {
    this.#forgetHeads();
    this.#sql.exec(
      "UPDATE outbox SET attempts = attempts + 1, next_at_ms = ? WHERE seq = ?",
      nextAtMs,
      seq,
    );
  }

  park(row: OutboxRow): void {
    const query = "UPDATE outbox SET state = 'parked' WHERE seq = ? RETURNING seq";
    this.#close(row, this.#sql.exec(query, row.seq));
  }

  drop(key: string): void {
    this.#forgetHeads();
    this.#sql.exec("DELETE FROM outbox WHERE key = ?", key);
    this.#count();
    this.#fresh.delete(key);
  }

  /** Texts go, sent or not; a running turn takes its own row away when it ends. Inside the caller's transaction. */
  forget(): void {
    this.#sql.exec("DELETE FROM outbox WHERE state <> 'live'");
    this.reload();
  }
}
