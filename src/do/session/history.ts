/** The messages of a session: kept sealed, opened for readers and for the model. */
import type { MessageId, PersonId, SessionKey, TurnId } from "../../core/ids.ts";
import type { MessageEntry } from "../../core/journal.ts";
import type { ChatMessage, MediaRef } from "../../core/message.ts";
import type { AcceptRequest } from "../../core/session-protocol.ts";
import { type Keyring, openJson, sealJson, unlessErased } from "../../security/keyring.ts";
import { plainName, renderDocument, type ToldDocument } from "../../turn/documents.ts";
import type { Picture } from "../../turn/pictures.ts";

/** What is sealed of a message. */
export interface MessageBody {
  text: string;
  media: MediaRef[];
  sender?: string;
  cut?: "stopped" | "error";
  /** Of its files those that a model can be shown. */
  pictures?: Picture[];
  /** Of its files those that a model is told, or notes on them. */
  documents?: ToldDocument[];
  /** What the model is asked in place of the text: a file without words, or a command, asks for a summary. */
  asked?: string;
}

/** What is sealed of a person's message: also the event that brought it, until and after it is worked on. */
export interface UserBody extends MessageBody {
  /** The event, without its text, which stands above. */
  request: AcceptRequest;
  /** What the event took back when it was accepted: rows by a /stop, messages by a /forget. */
  takenBack: number;
  /** It was a /cancel that left the talk with a person. */
  leftPerson?: true;
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
  person_id: string;
  channel: string;
  at_ms: number;
  body: ArrayBuffer;
}

/** A person's message, opened. */
export interface OpenedUser {
  seq: number;
  body: UserBody;
}

export class History {
  readonly #sql: SqlStorage;
  readonly #keyring: Keyring;
  readonly #session: SessionKey;
  #newestSeq = 0;

  constructor(sql: SqlStorage, keyring: Keyring, session: SessionKey) {
    this.#sql = sql;
    this.#keyring = keyring;
    this.#session = session;
    this.reload();
  }

  /** Remembers what the table says, and nothing else. */
  reload(): void {
    const newest = this.#sql.exec<{ seq: number | null }>("SELECT max(seq) AS seq FROM messages");
    this.#newestSeq = newest.one().seq ?? 0;
  }

  place(id: string): string {
    return `messages|${this.#session}|${id}`;
  }

  /** For the person whose message it is, or whom it answers. */
  seal(id: MessageId, body: MessageBody | UserBody, personId: PersonId): Promise<Uint8Array> {
    return sealJson(this.#keyring, this.place(id), body, personId);
  }

  /** Inside the caller's transaction. */
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
    this.#newestSeq = seq;
    return seq;
  }

  /** A person's message that the model is told after all. Inside the caller's transaction. */
  tellModel(id: MessageId): void {
    this.#sql.exec("UPDATE messages SET aside = 0 WHERE id = ?", id);
  }

  /** The stored text of a person's message, replaced (an edit, or files that have arrived). */
  replaceBody(id: MessageId, sealed: Uint8Array): void {
    this.#sql.exec("UPDATE messages SET body = ? WHERE id = ?", sealed, id);
  }

  #find(id: MessageId): StoredMessage | undefined {
    return this.#sql.exec<StoredMessage>("SELECT * FROM messages WHERE id = ?", id).toArray()[0];
  }

  has(id: MessageId): boolean {
    return this.#sql.exec("SELECT 1 FROM messages WHERE id = ?", id).toArray().length > 0;
  }

  /** False where the message at this position was forgotten. */
  hasSeq(seq: number): boolean {
    return this.#sql.exec("SELECT 1 FROM messages WHERE seq = ?", seq).toArray().length > 0;
  }

  /** A person's message; undefined when it was forgotten or erased. */
  async openUser(id: MessageId): Promise<OpenedUser | undefined> {
    const stored = this.#find(id);
    const body = stored && (await unlessErased(this.#open<UserBody>(stored)));
    return stored && body && { seq: stored.seq, body };
  }

  /** What somebody wrote last. */
  async openNewestOf(personId: PersonId): Promise<UserBody | undefined> {
    const [stored] = this.#sql
      .exec<StoredMessage>(
        "SELECT * FROM messages WHERE role = 'user' AND person_id = ? ORDER BY seq DESC LIMIT 1",
        personId,
      )
      .toArray();
    return stored && unlessErased(this.#open<UserBody>(stored));
  }

  async #open<Body extends MessageBody = MessageBody>(stored: StoredMessage): Promise<Body> {
    return this.openBody<Body>(stored.id as MessageId, stored.body); // written by append() only
  }

  /** What was sealed as the body of this message. */
  openBody<Body extends MessageBody = MessageBody>(
    id: MessageId,
    sealed: ArrayBuffer,
  ): Promise<Body> {
    return openJson<Body>(this.#keyring, this.place(id), new Uint8Array(sealed));
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
    return this.#toMessages(rows);
  }

  /** Those at these positions, oldest first. */
  async at(seqs: readonly number[]): Promise<ChatMessage[]> {
    const rows = this.#sql
      .exec<StoredMessage>(
        "SELECT * FROM messages WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq",
        JSON.stringify(seqs),
      )
      .toArray();
    return this.#toMessages(rows);
  }

  /** What was said in one turn, oldest first. */
  async ofTurn(turnId: TurnId): Promise<ChatMessage[]> {
    const rows = this.#sql
      .exec<StoredMessage>(
        "SELECT * FROM messages WHERE id > ? AND id < ? ORDER BY seq",
        `${turnId}:`,
        `${turnId};`,
      )
      .toArray();
    return this.#toMessages(rows);
  }

  /** Without those whose keys are gone. */
  async #toMessages(rows: readonly StoredMessage[]): Promise<ChatMessage[]> {
    const opened = await Promise.all(rows.map((row) => unlessErased(this.#toMessage(row))));
    return opened.filter((message) => message !== undefined);
  }

  async #toMessage(row: StoredMessage): Promise<ChatMessage> {
    const { text, media, sender, cut } = await this.#open(row);
    return {
      seq: row.seq,
      id: row.id,
      role: row.role as ChatMessage["role"], // written by append() only
      atMs: row.at_ms,
      channel: row.channel,
      text,
      media,
      ...(sender === undefined ? {} : { sender }),
      ...(cut === undefined ? {} : { cut }),
    };
  }

  newestSeq(): number {
    return this.#newestSeq;
  }

  /** Rows for the log, sealed as they are: at most `limit`, and none after the one that reaches `maxUnits` of text. */
  entriesAfter(seq: number, limit: number, maxUnits: number): MessageEntry[] {
    const rows = this.#sql.exec<StoredMessage>(
      "SELECT * FROM messages WHERE seq > ? ORDER BY seq LIMIT ?",
      seq,
      limit,
    );
    const entries: MessageEntry[] = [];
    let units = 0;
    for (const row of rows) {
      const entry = this.#toEntry(row);
      entries.push(entry);
      units += entry.body.length;
      if (units >= maxUnits) break;
    }
    return entries;
  }

  #toEntry(row: StoredMessage): MessageEntry {
    return {
      kind: "message",
      id: row.id,
      sessionId: this.#session,
      seq: row.seq,
      role: row.role === "user" ? "user" : "assistant",
      personId: row.person_id,
      channel: row.channel,
      turnId: row.turn_id,
      body: new Uint8Array(row.body).toBase64(),
      atMs: row.at_ms,
    };
  }

  count(): number {
    return this.#sql.exec<{ n: number }>("SELECT count(*) AS n FROM messages").one().n;
  }

  /** Erases every message; the position of the last one. Inside the caller's transaction. */
  forget(): number {
    this.#sql.exec("DELETE FROM messages");
    return this.#newestSeq;
  }
}

/** A person's message as the model reads it: who speaks in a group, and what was attached. */
export function describeUser(body: MessageBody): string {
  const media = body.media.map(({ kind, name, transcript }) =>
    transcript === undefined
      ? `[attached ${kind}${name ? `: ${plainName(name)}` : ""}]`
      : `[${kind}, written down] ${transcript}`,
  );
  const documents = (body.documents ?? []).map((one) => `${renderDocument(one)}\n\n`);
  const text = [body.asked ?? body.text, ...media].filter((part) => part !== "").join("\n");
  return documents.join("") + (body.sender ? `${body.sender}: ${text}` : text);
}

/** What the person wrote himself, where the model is told more. */
export function writtenBy({ documents, text }: MessageBody): { written?: string } {
  return documents ? { written: text } : {};
}
