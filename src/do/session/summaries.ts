/** What was said before the turns that are told, in short: kept sealed, with the position that it reaches to. */
import type { SessionKey } from "../../core/ids.ts";
import {
  type Keyring,
  type Owner,
  openJson,
  sealJson,
  unlessErased,
} from "../../security/keyring.ts";

export interface Summary {
  /** Turns asked up to this position are in it. */
  throughSeq: number;
  text: string;
}

interface SummaryBody {
  text: string;
}

interface StoredSummary extends Record<string, SqlStorageValue> {
  through_seq: number;
  body: ArrayBuffer;
}

export class Summaries {
  readonly #sql: SqlStorage;
  readonly #keyring: Keyring;
  readonly #session: SessionKey;
  #opened: { summary: Summary | undefined } | undefined;
  /** What was read before one of these is not kept after it. */
  #changes = 0;

  constructor(sql: SqlStorage, keyring: Keyring, session: SessionKey) {
    this.#sql = sql;
    this.#keyring = keyring;
    this.#session = session;
  }

  #place(throughSeq: number): string {
    return `summary|${this.#session}|${throughSeq}`;
  }

  /** Remembers nothing: the table says. */
  reload(): void {
    this.#opened = undefined;
    this.#changes += 1;
  }

  async current(): Promise<Summary | undefined> {
    if (this.#opened) return this.#opened.summary;
    const changes = this.#changes;
    const [row] = this.#sql.exec<StoredSummary>("SELECT through_seq, body FROM summary").toArray();
    const summary = row && (await unlessErased(this.#open(row)));
    if (changes === this.#changes) this.#opened = { summary };
    return summary;
  }

  async #open({ through_seq: throughSeq, body }: StoredSummary): Promise<Summary> {
    const sealed = new Uint8Array(body);
    const { text } = await openJson<SummaryBody>(this.#keyring, this.#place(throughSeq), sealed);
    return { throughSeq, text };
  }

  /** For the person of a direct conversation; what several people said is the box's. */
  seal({ throughSeq, text }: Summary, owner: Owner): Promise<Uint8Array> {
    return sealJson(this.#keyring, this.#place(throughSeq), { text }, owner);
  }

  /** In place of the one before it, which it holds. Inside the caller's transaction. */
  replace(throughSeq: number, sealed: Uint8Array, nowMs: number): void {
    this.forget();
    this.#sql.exec(
      "INSERT INTO summary (through_seq, at_ms, body) VALUES (?, ?, ?)",
      throughSeq,
      nowMs,
      sealed,
    );
  }

  /** Inside the caller's transaction. */
  forget(): void {
    this.reload();
    this.#sql.exec("DELETE FROM summary");
  }
}
