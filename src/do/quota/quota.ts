/**
 * QuotaObject: one for the box. It keeps what people have had today over a restart. The counting is done in the memory
 * of the isolate, which it shares; its alarm writes what has changed, so that no message waits for it.
 */
import { DurableObject } from "cloudflare:workers";
import { errorCode } from "../../core/errors.ts";
import type { PersonId } from "../../core/ids.ts";
import type { Env } from "../../env.ts";
import type { SpentRow } from "../../limits/ledger.ts";
import { emit } from "../../observability/emit.ts";
import { describeError } from "../../observability/redact.ts";
import {
  fillLedger,
  isLedgerFilled,
  nameOfToday,
  noteWriting,
  openLedger,
} from "./quota-ledger.ts";
import { openQuotaSchema } from "./quota-schema.ts";

/** How much of the counting a kill can lose. */
export const WRITE_EVERY_MS = 5_000;
/** Rows of one transaction. */
const WRITE_ROWS = 1_000;

interface StoredSpent extends Record<string, SqlStorageValue> {
  person_id: string;
  day: string;
  messages: number;
  tokens: number;
  files: number;
  file_bytes: number;
  conversations: number;
}

export class QuotaObject extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    openQuotaSchema(ctx.storage);
  }

  /** What was written of this day. */
  spent(day: string): SpentRow[] {
    return this.ctx.storage.sql
      .exec<StoredSpent>("SELECT * FROM spent WHERE day = ?", day)
      .toArray()
      .map(({ person_id: personId, file_bytes: fileBytes, ...row }) => ({
        personId: personId as PersonId, // written by alarm() only
        fileBytes,
        day: row.day,
        messages: row.messages,
        tokens: row.tokens,
        files: row.files,
        conversations: row.conversations,
      }));
  }

  /** There is something to write. */
  async wake(): Promise<void> {
    if ((await this.ctx.storage.getAlarm()) === null)
      await this.ctx.storage.setAlarm(Date.now() + WRITE_EVERY_MS);
  }

  override async alarm(): Promise<void> {
    // What was counted since the start is added to what stands there, never written over it.
    if (!isLedgerFilled()) fillLedger(this.env, this.spent(nameOfToday(this.env)));
    const ledger = openLedger(this.env);
    noteWriting();
    const rows = ledger.takeChanges(WRITE_ROWS);
    try {
      this.ctx.storage.transactionSync(() => this.#write(rows));
    } catch (error) {
      ledger.putBack(rows);
      emit({ type: "fault", where: "quota", code: errorCode(error), cause: describeError(error) });
    }
    if (ledger.hasChanges) await this.wake();
  }

  #write(rows: readonly SpentRow[]): void {
    const { sql } = this.ctx.storage;
    for (const row of rows)
      sql.exec(
        "INSERT OR REPLACE INTO spent (person_id, day, messages, tokens, files, file_bytes, conversations) VALUES (?, ?, ?, ?, ?, ?, ?)",
        row.personId,
        row.day,
        row.messages,
        row.tokens,
        row.files,
        row.fileBytes,
        row.conversations,
      );
    const [newest] = rows;
    if (newest) sql.exec("DELETE FROM spent WHERE day < ?", newest.day);
  }
}
