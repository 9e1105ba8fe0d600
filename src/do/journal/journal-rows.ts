/**
 * An object's log rows until D1 has them. They are written in the transaction of what they describe; the journal object
 * gathers those of all objects into one D1 transaction; only then are they let go here. A session's messages are their
 * own log rows: how far D1 has them is a mark. Both are tidied up in commits that happen anyway.
 */
import type { JournalEntry, MessageEntry } from "../../core/journal.ts";

/** Rows handed over at once, and the text after which no more follow: an object call takes 32 MB. */
export const BATCH_ROWS = 200;
const BATCH_UNITS = 4_000_000;

/** Where an object's messages are found, if it has any. */
export interface MessageLog {
  newestSeq(): number;
  entriesAfter(seq: number, limit: number, maxUnits: number): MessageEntry[];
  /** How far D1 had them when this object awoke. */
  flushedSeq(): number;
  keepFlushedSeq(seq: number): void;
}

interface StoredRow extends Record<string, SqlStorageValue> {
  seq: number;
  entries: string;
}

export class JournalRows {
  readonly #sql: SqlStorage;
  readonly #messages: MessageLog | undefined;
  #rows = 0;
  /** What D1 has and the tables do not say yet. */
  #flushed = { rowSeq: 0, messageSeq: 0 };
  #messagesKept = 0;
  /** A batch that was on its way at one of these says nothing of how far the messages are logged. */
  #repeats = 0;

  constructor(sql: SqlStorage, messages?: MessageLog) {
    this.#sql = sql;
    this.#messages = messages;
    this.reload();
  }

  /** Remembers what the tables say, and nothing else: what D1 has besides is written again. */
  reload(): void {
    this.#rows = this.#sql.exec<{ n: number }>("SELECT count(*) AS n FROM journal").one().n;
    this.#messagesKept = this.#messages?.flushedSeq() ?? 0;
    this.#flushed = { rowSeq: 0, messageSeq: this.#messagesKept };
  }

  /** Inside the caller's transaction. */
  add(...entries: JournalEntry[]): void {
    this.#sql.exec("INSERT INTO journal (entries) VALUES (?)", JSON.stringify(entries));
    this.#rows += 1;
    this.prune();
  }

  /** Drops what D1 has: worth a place in a commit that happens anyway, not a commit of its own on the reply path. */
  prune(): void {
    const { rowSeq, messageSeq } = this.#flushed;
    if (rowSeq > 0) {
      this.#sql.exec("DELETE FROM journal WHERE seq <= ?", rowSeq);
      this.#flushed.rowSeq = 0;
    }
    if (messageSeq > this.#messagesKept) {
      this.#messages?.keepFlushedSeq(messageSeq);
      this.#messagesKept = messageSeq;
    }
  }

  /** Rows that name one of these. Inside the caller's transaction. */
  dropNaming(ids: readonly string[]): void {
    for (const id of ids) this.#sql.exec("DELETE FROM journal WHERE instr(entries, ?) > 0", id);
    this.reload();
  }

  /** After messages were sealed anew: all of them are logged again, in place of what is there. */
  logAgain(): void {
    this.#messages?.keepFlushedSeq(0);
    this.#messagesKept = 0;
    this.#flushed.messageSeq = 0;
    this.#repeats += 1;
  }

  /** After an erasure: the erased messages are not to be logged. */
  skipMessages(): void {
    this.#flushed.messageSeq = Math.max(this.#flushed.messageSeq, this.#messages?.newestSeq() ?? 0);
  }

  get isEmpty(): boolean {
    return this.#rows === 0 && (this.#messages?.newestSeq() ?? 0) <= this.#flushed.messageSeq;
  }

  /** Hands one batch over and waits until D1 has it. Throws what `append` throws. */
  async flush(append: (entries: JournalEntry[]) => Promise<void>): Promise<void> {
    const rows = this.#sql
      .exec<StoredRow>(
        "SELECT seq, entries FROM journal WHERE seq > ? ORDER BY seq LIMIT ?",
        this.#flushed.rowSeq,
        BATCH_ROWS,
      )
      .toArray();
    const { messageSeq } = this.#flushed;
    const messages = this.#messages?.entriesAfter(messageSeq, BATCH_ROWS, BATCH_UNITS) ?? [];
    const entries = rows.flatMap((row) => JSON.parse(row.entries) as JournalEntry[]); // written by add() only
    const repeats = this.#repeats;
    await append([...messages, ...entries]);
    this.#flushed = {
      rowSeq: Math.max(this.#flushed.rowSeq, rows.at(-1)?.seq ?? 0),
      messageSeq:
        repeats === this.#repeats
          ? Math.max(this.#flushed.messageSeq, messages.at(-1)?.seq ?? 0)
          : this.#flushed.messageSeq,
    };
    // Counted and not subtracted: an erasure may have taken rows away meanwhile.
    this.#rows = this.#sql
      .exec<{ n: number }>("SELECT count(*) AS n FROM journal WHERE seq > ?", this.#flushed.rowSeq)
      .one().n;
  }

  get backlog(): number {
    return this.#rows;
  }
}
