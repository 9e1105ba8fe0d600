/**
 * An object's log rows until D1 has them. They are written in the transaction of what they describe; the journal object
 * gathers those of all objects into one D1 transaction; only then are they deleted here.
 */
import type { JournalEntry } from "../core/journal.ts";

/** Rows handed over at once. */
const BATCH_ROWS = 200;

interface StoredRow extends Record<string, SqlStorageValue> {
  seq: number;
  entry: string | null;
  message_seq: number | null;
}

/** Makes the entry of a message row when it is handed over, so that its text is kept once. */
export type LoadMessageEntry = (messageSeq: number) => JournalEntry | undefined;

export class JournalRows {
  readonly #sql: SqlStorage;
  readonly #loadMessage: LoadMessageEntry;
  #flushedSeq = 0;

  constructor(sql: SqlStorage, loadMessage: LoadMessageEntry) {
    this.#sql = sql;
    this.#loadMessage = loadMessage;
  }

  /** Inside the caller's transaction; rows that D1 has are deleted in the same commit. */
  add(entry: JournalEntry): void {
    this.#sql.exec("INSERT INTO journal (entry) VALUES (?)", JSON.stringify(entry));
    this.prune();
  }

  prune(): void {
    if (this.#flushedSeq === 0) return;
    this.#sql.exec("DELETE FROM journal WHERE seq <= ?", this.#flushedSeq);
    this.#flushedSeq = 0;
  }

  get isEmpty(): boolean {
    return this.#next(1).length === 0;
  }

  get backlog(): number {
    return this.#sql
      .exec<{ n: number }>("SELECT count(*) AS n FROM journal WHERE seq > ?", this.#flushedSeq)
      .one().n;
  }

  #next(limit: number): StoredRow[] {
    return this.#sql
      .exec<StoredRow>(
        "SELECT seq, entry, message_seq FROM journal WHERE seq > ? ORDER BY seq LIMIT ?",
        this.#flushedSeq,
        limit,
      )
      .toArray();
  }

  /** Hands one batch over and waits until D1 has it. Throws what `append` throws. */
  async flush(append: (entries: JournalEntry[]) => Promise<void>): Promise<void> {
    const rows = this.#next(BATCH_ROWS);
    const last = rows.at(-1);
    if (!last) return;
    const entries = rows.flatMap((row): JournalEntry[] => {
      if (row.entry !== null) return [JSON.parse(row.entry) as JournalEntry]; // written by add() only
      const entry = row.message_seq === null ? undefined : this.#loadMessage(row.message_seq);
      return entry ? [entry] : [];
    });
    await append(entries);
    this.#flushedSeq = last.seq;
  }
}
