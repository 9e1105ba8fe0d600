/** How far the erasure of one person is, as rows: each step is kept when it is done. Synchronous SQL. */
import type { ErasureCounts, ErasureReceipt, ErasureStep } from "../../core/erasure.ts";
import type { AccountKey, PersonId, SessionKey } from "../../core/ids.ts";
import type { Target } from "../../core/message.ts";
import { applySchema } from "../schema-steps.ts";

const STEPS: readonly string[] = [
  `
  CREATE TABLE erasure (one INTEGER PRIMARY KEY CHECK (one = 1), state TEXT NOT NULL);
  -- Conversations to be looked at; what is counted there is counted before anything goes.
  CREATE TABLE conversations (
    session TEXT PRIMARY KEY,
    messages INTEGER NOT NULL,
    files INTEGER NOT NULL,
    is_done INTEGER NOT NULL DEFAULT 0,
    is_empty INTEGER NOT NULL DEFAULT 0
  ) WITHOUT ROWID;
  `,
];

/** Where the person is told of the end. */
export interface Told {
  account: AccountKey;
  target: Target;
  lang: "en" | "zh";
}

export interface ErasureProgress {
  personId: PersonId;
  /** All ids that the person has or had. */
  ids: PersonId[];
  step: ErasureStep | "done";
  identities: number;
  requestedAtMs: number;
  attempts: number;
  /** Of the last failure. */
  code?: string | undefined;
  told?: Told | undefined;
  /** Not before this time: what was on its way when the erasure began has arrived then. */
  settledAtMs?: number;
  receipt?: ErasureReceipt;
}

export interface FoundConversation {
  session: SessionKey;
  messages: number;
  files: number;
}

export class ErasureRows {
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    applySchema(storage, STEPS);
    this.#sql = storage.sql;
  }

  load(): ErasureProgress | undefined {
    const [row] = this.#sql.exec<{ state: string }>("SELECT state FROM erasure").toArray();
    return row && (JSON.parse(row.state) as ErasureProgress); // written by keep() only
  }

  keep(progress: ErasureProgress): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO erasure (one, state) VALUES (1, ?)",
      JSON.stringify(progress),
    );
  }

  /** One that is known keeps what was counted there, and is looked at once more. */
  addConversation({ session, messages, files }: FoundConversation): void {
    this.#sql.exec(
      `INSERT INTO conversations (session, messages, files) VALUES (?1, ?2, ?3)
       ON CONFLICT DO UPDATE SET messages = messages + ?2 * is_done, files = files + ?3 * is_done, is_done = 0`,
      session,
      messages,
      files,
    );
  }

  nextConversation(): SessionKey | undefined {
    const [row] = this.#sql
      .exec<{ session: string }>("SELECT session FROM conversations WHERE is_done = 0 LIMIT 1")
      .toArray();
    return row && (row.session as SessionKey); // written by addConversation() only
  }

  finishConversation(session: SessionKey, isEmpty: boolean): void {
    this.#sql.exec(
      "UPDATE conversations SET is_done = 1, is_empty = ? WHERE session = ?",
      isEmpty ? 1 : 0,
      session,
    );
  }

  emptyConversations(): string[] {
    return this.#sql
      .exec<{ session: string }>("SELECT session FROM conversations WHERE is_empty = 1")
      .toArray()
      .map(({ session }) => session);
  }

  counts(): Omit<ErasureCounts, "identities"> {
    return this.#sql
      .exec<{ conversations: number; messages: number; files: number }>(
        "SELECT count(*) AS conversations, coalesce(sum(messages), 0) AS messages, coalesce(sum(files), 0) AS files FROM conversations",
      )
      .one();
  }

  /** A conversation's name names the person. */
  forgetConversations(): void {
    this.#sql.exec("DELETE FROM conversations");
  }
}
