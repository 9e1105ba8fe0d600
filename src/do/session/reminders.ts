/** Reminders of a conversation as rows: sealed, each fires once. Synchronous SQL; remind.ts has the effects. */

import type { AccountKey, PersonId, SessionKey, TurnId } from "../../core/ids.ts";
import { MAX_REMINDERS } from "../../core/memory.ts";
import type { Target } from "../../core/message.ts";
import type { Repeat } from "../../core/repeat.ts";
import { type Keyring, openJson, sealJson } from "../../security/keyring.ts";

/** What is sealed of a reminder. */
export interface ReminderBody {
  text: string;
  target: Target;
  lang: "en" | "zh";
  zone: string;
  /** Of one that comes again, on the clocks of the zone. */
  repeat?: Repeat;
}

export interface ReminderRow {
  number: number;
  /** Its own turn: what it says is named by it. */
  turnId: TurnId;
  personId: PersonId;
  account: AccountKey;
  dueAtMs: number;
  /** Later than due where it could not be said before. */
  nextAtMs: number;
  sealed: Uint8Array;
}

export type NewReminder = Omit<ReminderRow, "number" | "nextAtMs">;

interface StoredRow extends Record<string, SqlStorageValue> {
  number: number;
  turn_id: string;
  person_id: string;
  account: string;
  due_at_ms: number;
  next_at_ms: number;
  body: ArrayBuffer;
}

function toRow(stored: StoredRow): ReminderRow {
  return {
    number: stored.number,
    turnId: stored.turn_id as TurnId, // written by add() only, as are the two below
    personId: stored.person_id as PersonId,
    account: stored.account as AccountKey,
    dueAtMs: stored.due_at_ms,
    nextAtMs: stored.next_at_ms,
    sealed: new Uint8Array(stored.body),
  };
}

export class ReminderRows {
  readonly #sql: SqlStorage;
  readonly #keyring: Keyring;
  readonly #session: SessionKey;
  /** The next one, once it was looked up and until a row changes; null where there is none. */
  #next: ReminderRow | null | undefined;

  constructor(sql: SqlStorage, keyring: Keyring, session: SessionKey) {
    this.#sql = sql;
    this.#keyring = keyring;
    this.#session = session;
  }

  /** Remembers what the table says, and nothing else. */
  reload(): void {
    this.#next = undefined;
  }

  #place(turnId: TurnId): string {
    return `reminders|${this.#session}|${turnId}`;
  }

  seal(turnId: TurnId, body: ReminderBody, personId: PersonId): Promise<Uint8Array> {
    return sealJson(this.#keyring, this.#place(turnId), body, personId);
  }

  open(row: ReminderRow): Promise<ReminderBody> {
    return openJson(this.#keyring, this.#place(row.turnId), row.sealed);
  }

  /** Inside the caller's transaction. */
  add(row: NewReminder): void {
    this.#next = undefined;
    this.#sql.exec(
      "INSERT INTO reminders (turn_id, person_id, account, due_at_ms, next_at_ms, body) VALUES (?, ?, ?, ?, ?, ?)",
      row.turnId,
      row.personId,
      row.account,
      row.dueAtMs,
      row.dueAtMs,
      row.sealed,
    );
  }

  /** The next one first. */
  of(personId: PersonId): ReminderRow[] {
    return this.#sql
      .exec<StoredRow>(
        "SELECT * FROM reminders WHERE person_id = ? ORDER BY due_at_ms, number LIMIT ?",
        personId,
        MAX_REMINDERS,
      )
      .toArray()
      .map(toRow);
  }

  next(): ReminderRow | undefined {
    if (this.#next === undefined) {
      const [stored] = this.#sql
        .exec<StoredRow>("SELECT * FROM reminders ORDER BY next_at_ms, number LIMIT 1")
        .toArray();
      this.#next = stored ? toRow(stored) : null;
    }
    return this.#next ?? undefined;
  }

  /** True once for each: whoever removes it says it. */
  remove(number: number, personId: PersonId): boolean {
    this.#next = undefined;
    const removed = this.#sql.exec(
      "DELETE FROM reminders WHERE number = ? AND person_id = ? RETURNING number",
      number,
      personId,
    );
    return removed.toArray().length > 0;
  }

  /**
   * One that was said waits for its next time, under the name of its next turn. True once for each time: whoever moves it
   * says it.
   */
  renew(
    { number, turnId }: ReminderRow,
    next: Pick<NewReminder, "turnId" | "dueAtMs" | "sealed">,
  ): boolean {
    this.#next = undefined;
    const renewed = this.#sql.exec(
      "UPDATE reminders SET turn_id = ?, due_at_ms = ?, next_at_ms = ?, body = ? WHERE number = ? AND turn_id = ? RETURNING number",
      next.turnId,
      next.dueAtMs,
      next.dueAtMs,
      next.sealed,
      number,
      turnId,
    );
    return renewed.toArray().length > 0;
  }

  postpone(number: number, nextAtMs: number): void {
    this.#next = undefined;
    this.#sql.exec("UPDATE reminders SET next_at_ms = ? WHERE number = ?", nextAtMs, number);
  }

  forget(): void {
    this.#next = undefined;
    this.#sql.exec("DELETE FROM reminders");
  }
}
