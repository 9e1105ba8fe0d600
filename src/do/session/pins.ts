/** The pinned notes of a conversation: kept sealed, opened once, told with every prompt. */
import type { PersonId, SessionKey } from "../../core/ids.ts";
import { type Keyring, openJson, sealJson, unlessErased } from "../../security/keyring.ts";
import type { Pin } from "../../turn/pin-commands.ts";

interface PinBody {
  text: string;
}

interface StoredPin extends Record<string, SqlStorageValue> {
  number: number;
  body: ArrayBuffer;
}

export class Pins {
  readonly #sql: SqlStorage;
  readonly #keyring: Keyring;
  readonly #session: SessionKey;
  #opened: readonly Pin[] | undefined;
  /** What was read before one of these is not kept after it. */
  #changes = 0;

  constructor(sql: SqlStorage, keyring: Keyring, session: SessionKey) {
    this.#sql = sql;
    this.#keyring = keyring;
    this.#session = session;
  }

  #place(number: number): string {
    return `pins|${this.#session}|${number}`;
  }

  /** Remembers nothing: the table says. */
  reload(): void {
    this.#opened = undefined;
    this.#changes += 1;
  }

  /** By number. */
  async all(): Promise<readonly Pin[]> {
    if (this.#opened) return this.#opened;
    const changes = this.#changes;
    const rows = this.#sql
      .exec<StoredPin>("SELECT number, body FROM pins ORDER BY number")
      .toArray();
    const opened = await Promise.all(rows.map((row) => unlessErased(this.#open(row))));
    const pins = opened.filter((pin) => pin !== undefined);
    if (changes === this.#changes) this.#opened = pins;
    return pins;
  }

  async #open({ number, body }: StoredPin): Promise<Pin> {
    const sealed = new Uint8Array(body);
    const { text } = await openJson<PinBody>(this.#keyring, this.#place(number), sealed);
    return { number, text };
  }

  /** For the person who wrote it. */
  seal({ number, text }: Pin, personId: PersonId): Promise<Uint8Array> {
    return sealJson(this.#keyring, this.#place(number), { text }, personId);
  }

  /** Inside the caller's transaction. */
  put(number: number, sealed: Uint8Array, nowMs: number): void {
    this.reload();
    this.#sql.exec(
      "INSERT INTO pins (number, at_ms, body) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at_ms = excluded.at_ms, body = excluded.body",
      number,
      nowMs,
      sealed,
    );
  }

  /** Inside the caller's transaction. */
  remove(number: number): void {
    this.reload();
    this.#sql.exec("DELETE FROM pins WHERE number = ?", number);
  }

  /** Inside the caller's transaction. */
  forget(): void {
    this.reload();
    this.#sql.exec("DELETE FROM pins");
  }
}
