/**
 * JournalObject: gathers the log rows of all objects and writes them to D1 in batches. It keeps nothing itself: a
 * caller's rows stay with the caller until `append` has returned, so a crash here loses none.
 */
import { DurableObject } from "cloudflare:workers";
import { AppError, errorCode } from "../../core/errors.ts";
import type { JournalEntry } from "../../core/journal.ts";
import { writeJournal } from "../../db/write-journal.ts";
import type { Env } from "../../env.ts";
import { emit } from "../../observability/emit.ts";
import { describeError } from "../../observability/redact.ts";

/** How long the first row of a batch waits for company. */
const GATHER_MS = 500;
/** A batch this large is written at once. */
const MAX_BATCH_ROWS = 1_000;
const MAX_BATCH_UNITS = 4_000_000;
/** Rows and their text held here at most; callers beyond it try again later. */
const MAX_HELD_ROWS = 20_000;
const MAX_HELD_UNITS = 64_000_000;

interface Batch {
  entries: JournalEntry[];
  units: number;
  written: Promise<void>;
  full: () => void;
}

export class JournalObject extends DurableObject<Env> {
  #batch: Batch | undefined;
  #heldRows = 0;
  #heldUnits = 0;

  /** Returns when D1 has the rows. Throws session/unavailable when too many wait already, or what D1 throws. */
  async append(entries: JournalEntry[]): Promise<void> {
    const units = entries.reduce((sum, entry) => sum + unitsOf(entry), 0);
    if (this.#heldRows + entries.length > MAX_HELD_ROWS || this.#heldUnits + units > MAX_HELD_UNITS)
      throw new AppError("session/unavailable", { detail: "Too many log rows wait for D1." });
    this.#heldRows += entries.length;
    this.#heldUnits += units;
    try {
      this.#batch ??= this.#openBatch();
      const batch = this.#batch;
      batch.entries.push(...entries);
      batch.units += units;
      if (batch.entries.length >= MAX_BATCH_ROWS || batch.units >= MAX_BATCH_UNITS) batch.full();
      await batch.written;
    } finally {
      this.#heldRows -= entries.length;
      this.#heldUnits -= units;
    }
  }

  #openBatch(): Batch {
    const { promise: full, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, GATHER_MS);
    const entries: JournalEntry[] = [];
    const written = full.then(() => {
      clearTimeout(timer);
      this.#batch = undefined;
      return this.#write(entries);
    });
    return { entries, units: 0, written, full: resolve };
  }

  async #write(entries: JournalEntry[]): Promise<void> {
    const startedAt = Date.now();
    try {
      await writeJournal(this.env.DB, entries);
      emit({ type: "journal:flushed", rows: entries.length, ms: Date.now() - startedAt });
    } catch (error) {
      emit({
        type: "journal:failed",
        rows: entries.length,
        code: errorCode(error),
        cause: describeError(error),
      });
      throw error;
    }
  }

  backlog(): number {
    return this.#heldRows;
  }
}

/** Only what a message says is long. */
function unitsOf(entry: JournalEntry): number {
  return entry.kind === "message" ? entry.body.length : 0;
}
