/** The messages of a session: kept sealed, opened for readers and for the model. */
import type { MessageId, PersonId, SessionKey, TurnId } from "../core/ids.ts";
import type { ChatMessage, MediaRef } from "../core/message.ts";
import { type Keyring, openJson, sealJson } from "../security/keyring.ts";
import type { PastTurn } from "../turn/context.ts";

/** What is sealed of a message. */
export interface MessageBody {
  text: string;
  media: MediaRef[];
  sender?: string;
  cut?: "stopped" | "error";
}

export interface NewMessage {
  id: MessageId;
  turnId: TurnId;
  role: "user" | "assistant";
  personId: PersonId;
  channel: string;
  aside: boolean;
  atMs: number;
  sealed: Uint8Array;
}

interface StoredMessage extends Record<string, SqlStorageValue> {
  seq: number;
  id: string;
  turn_id: string;
  role: string;
  channel: string;
  at_ms: number;
  body: ArrayBuffer;
}

/** Past turns that the model may be told at most; the token budget is mostly narrower. */
const MAX_PAST_TURNS = 200;

export class History {
  readonly #sql: SqlStorage;
  readonly #keyring: Keyring;
  readonly #session: SessionKey;
  /** Opened turns for the next prompt, oldest first; undefined until they are first needed. */
  #past: PastTurn[] | undefined;

  constructor(sql: SqlStorage, keyring: Keyring, session: SessionKey) {
    this.#sql = sql;
    this.#keyring = keyring;
    this.#session = session;
  }

  place(id: string): string {
    return `messages|${this.#session}|${id}`;
  }

  seal(id: MessageId, body: MessageBody): Promise<Uint8Array> {
    return sealJson(this.#keyring, this.place(id), body);
  }

  /** Inside the caller's transaction. Also notes the row for the journal. */
  append(message: NewMessage): number {
    const { seq } = this.#sql
      .exec<{ seq: number }>(
        "INSERT INTO messages (id, turn_id, role, person_id, channel, aside, at_ms, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq",
        message.id,
        message.turnId,
        message.role,
        message.personId,
        message.channel,
        message.aside ? 1 : 0,
        message.atMs,
        message.sealed,
      )
      .one();
    this.#sql.exec("INSERT INTO journal (message_seq) VALUES (?)", seq);
    return seq;
  }

  /** The stored text of a person's message, replaced (an edit, or files that have arrived). */
  replaceBody(id: MessageId, sealed: Uint8Array): void {
    this.#sql.exec("UPDATE messages SET body = ? WHERE id = ?", sealed, id);
  }

  /** Tells the kept window of a turn that has just been stored. */
  remember(turn: PastTurn): void {
    this.#past?.push(turn);
    if (this.#past && this.#past.length > MAX_PAST_TURNS * 2)
      this.#past = this.#past.slice(-MAX_PAST_TURNS);
  }

  /** Finished turns after `fromSeq`, oldest first: at most the newest {@link MAX_PAST_TURNS}. */
  async past(fromSeq: number): Promise<readonly PastTurn[]> {
    this.#past ??= await this.#loadPast(fromSeq);
    this.#past = this.#past.filter((turn) => turn.seq > fromSeq);
    return this.#past;
  }

  async #loadPast(fromSeq: number): Promise<PastTurn[]> {
    const answers = this.#sql
      .exec<StoredMessage>(
        "SELECT * FROM messages WHERE role = 'assistant' AND aside = 0 AND seq > ? ORDER BY seq DESC LIMIT ?",
        fromSeq,
        MAX_PAST_TURNS,
      )
      .toArray()
      .reverse();
    const turns: PastTurn[] = [];
    for (const answer of answers) {
      const [question] = this.#sql
        .exec<StoredMessage>(
          "SELECT * FROM messages WHERE turn_id = ? AND role = 'user'",
          answer.turn_id,
        )
        .toArray();
      if (!question) continue;
      const [user, assistant] = await Promise.all([this.#open(question), this.#open(answer)]);
      turns.push({ seq: answer.seq, user: describeUser(user), assistant: assistant.text });
    }
    return turns;
  }

  async #open(stored: StoredMessage): Promise<MessageBody> {
    return openJson<MessageBody>(this.#keyring, this.place(stored.id), new Uint8Array(stored.body));
  }

  /** At most `limit` messages before `beforeSeq` and after `afterSeq`, oldest first, the newest of them. */
  async page(afterSeq: number, beforeSeq: number, limit: number): Promise<ChatMessage[]> {
    const rows = this.#sql
      .exec<StoredMessage>(
        "SELECT * FROM messages WHERE seq > ? AND seq < ? ORDER BY seq DESC LIMIT ?",
        afterSeq,
        beforeSeq,
        limit,
      )
      .toArray()
      .reverse();
    return Promise.all(rows.map((row) => this.#toMessage(row)));
  }

  /** What was said in one turn, oldest first. */
  async ofTurn(turnId: TurnId): Promise<ChatMessage[]> {
    const rows = this.#sql
      .exec<StoredMessage>("SELECT * FROM messages WHERE turn_id = ? ORDER BY seq", turnId)
      .toArray();
    return Promise.all(rows.map((row) => this.#toMessage(row)));
  }

  async #toMessage(row: StoredMessage): Promise<ChatMessage> {
    return {
      seq: row.seq,
      id: row.id,
      role: row.role as ChatMessage["role"], // written by append() only
      atMs: row.at_ms,
      channel: row.channel,
      ...(await this.#open(row)),
    };
  }

  newestSeq(): number {
    return (
      this.#sql.exec<{ seq: number | null }>("SELECT max(seq) AS seq FROM messages").one().seq ?? 0
    );
  }

  count(): number {
    return this.#sql.exec<{ n: number }>("SELECT count(*) AS n FROM messages").one().n;
  }

  /** Erases every message; the journal tells D1. Inside the caller's transaction. */
  forget(): void {
    const throughSeq = this.newestSeq();
    const entry = JSON.stringify({ kind: "forget", sessionId: this.#session, throughSeq });
    this.#sql.exec("DELETE FROM messages");
    this.#sql.exec("DELETE FROM journal WHERE message_seq IS NOT NULL");
    this.#sql.exec("INSERT INTO journal (entry) VALUES (?)", entry);
    this.#past = [];
  }
}

/** A person's message as the model reads it: who speaks in a group, and what was attached. */
export function describeUser(body: MessageBody): string {
  const media = body.media.map(
    (file) => `[attached ${file.kind}${file.name ? `: ${file.name}` : ""}]`,
  );
  const text = [body.text, ...media].filter((part) => part !== "").join("\n");
  return body.sender ? `${body.sender}: ${text}` : text;
}
