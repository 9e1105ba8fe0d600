/**
 * What the owner, or who answers for him, is to be told in his own conversation, as rows: kept with what they tell of,
 * and until that conversation has them. Synchronous SQL; send-notice.ts has the effects.
 */
import type { Desk } from "../../core/handover.ts";
import type { PersonId, SessionKey } from "../../core/ids.ts";
import { type Keyring, openJson, sealJson } from "../../security/keyring.ts";

/** In both languages: which one is read is known when it is sent. */
export interface NoticeBody {
  en: string;
  zh: string;
  /** Whom it is for; the owner where it is left out, and where that person may not answer any more. */
  to?: Desk;
}

export interface NoticeRow {
  id: string;
  atMs: number;
  attempts: number;
  nextAtMs: number;
  body: ArrayBuffer;
}

interface StoredNotice extends Record<string, SqlStorageValue> {
  id: string;
  at_ms: number;
  attempts: number;
  next_at_ms: number;
  body: ArrayBuffer;
}

/** Notices that may wait; the oldest make room. */
export const MAX_NOTICES = 1_000;

export class Notices {
  readonly #sql: SqlStorage;
  readonly #keyring: Keyring;
  readonly #session: SessionKey;
  #count = 0;

  constructor(sql: SqlStorage, keyring: Keyring, session: SessionKey) {
    this.#sql = sql;
    this.#keyring = keyring;
    this.#session = session;
    this.reload();
  }

  /** Remembers what the table says, and nothing else. */
  reload(): void {
    this.#count = this.#sql.exec<{ n: number }>("SELECT count(*) AS n FROM notices").one().n;
  }

  #place(id: string): string {
    return `notices|${this.#session}|${id}`;
  }

  /** For the person whom it tells of. */
  seal(id: string, body: NoticeBody, personId: PersonId): Promise<Uint8Array> {
    return sealJson(this.#keyring, this.#place(id), body, personId);
  }

  open({ id, body }: NoticeRow): Promise<NoticeBody> {
    return openJson(this.#keyring, this.#place(id), new Uint8Array(body));
  }

  add(id: string, sealed: Uint8Array, nowMs: number): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO notices (id, at_ms, body) VALUES (?, ?, ?)",
      id,
      nowMs,
      sealed,
    );
    if (this.#count >= MAX_NOTICES)
      this.#sql.exec(
        "DELETE FROM notices WHERE id NOT IN (SELECT id FROM notices ORDER BY at_ms DESC, id DESC LIMIT ?)",
        MAX_NOTICES,
      );
    this.reload();
  }

  /** The one that is due first. */
  next(): NoticeRow | undefined {
    if (this.#count === 0) return undefined;
    const [stored] = this.#sql
      .exec<StoredNotice>("SELECT * FROM notices ORDER BY next_at_ms, at_ms, id LIMIT 1")
      .toArray();
    if (!stored) return undefined;
    const { id, attempts, body, at_ms: atMs, next_at_ms: nextAtMs } = stored;
    return { id, atMs, attempts, nextAtMs, body };
  }

  retryAt(id: string, nextAtMs: number): void {
    this.#sql.exec(
      "UPDATE notices SET attempts = attempts + 1, next_at_ms = ? WHERE id = ?",
      nextAtMs,
      id,
    );
  }

  drop(id: string): void {
    this.#sql.exec("DELETE FROM notices WHERE id = ?", id);
    this.reload();
  }

  forget(): void {
    if (this.#count === 0) return;
    this.#sql.exec("DELETE FROM notices");
    this.#count = 0;
  }
}
