/**
 * Who of a conversation was handed over to a person: the truth of it, while the directory keeps the list of all. Ended
 * ones are rows until the directory knows. Synchronous SQL; callers put several calls into one transaction.
 */
import type { Desk, EndedHandover, HandoverEnd } from "../../core/handover.ts";
import type { AccountKey, PersonId, SessionKey, TurnId } from "../../core/ids.ts";
import type { Target } from "../../core/message.ts";
import type { Speaker } from "../../core/session-protocol.ts";
import { type Keyring, openJson, sealJson } from "../../security/keyring.ts";
import type { NoticeBody } from "./notices.ts";

/** People of one conversation who may be handed over at once: a large group's members. */
export const MAX_HANDOVERS = 100;

/** What is sealed of one: whom and where it speaks to. */
export interface HandoverBody {
  speaker: Speaker;
  account: AccountKey;
  target: Target;
  /** What the person in charge is told when it begins. */
  notice?: NoticeBody;
}

export interface HandoverRow {
  id: TurnId;
  personId: PersonId;
  flow: string;
  /** Undefined until the directory has it. */
  number?: number;
  /** Of the desk's last word, or of its beginning. */
  atMs: number;
  /** When it is looked at again: at once for a new one, then when its time is over. */
  nextAtMs: number;
  /** The person was told that his messages are passed on. */
  isAcknowledged: boolean;
  desk?: Desk;
  body: ArrayBuffer;
}

/** What is left to do of one that is over. */
export interface EndedRow extends EndedHandover {
  personId: PersonId;
  number?: number;
  desk?: Desk;
}

interface Stored extends Record<string, SqlStorageValue> {
  id: string;
  person_id: string;
  flow: string;
  number: number | null;
  at_ms: number;
  next_at_ms: number;
  acknowledged: number;
  desk: string | null;
  body: ArrayBuffer;
}

interface StoredEnd extends Record<string, SqlStorageValue> {
  id: string;
  person_id: string;
  why: string;
  ended_by: string | null;
  number: number | null;
  desk: string | null;
}

/** Written by answered() only. */
function deskOf(desk: string | null): { desk?: Desk } {
  return desk === null ? {} : { desk: JSON.parse(desk) as Desk };
}

function numberOf(number: number | null): { number?: number } {
  return number === null ? {} : { number };
}

export class Handovers {
  readonly #sql: SqlStorage;
  readonly #keyring: Keyring;
  readonly #session: SessionKey;
  /** When each one is looked at again: asking who has one, or what is due, costs no query. */
  readonly #nextAtMs = new Map<PersonId, number>();
  #ended = 0;

  constructor(sql: SqlStorage, keyring: Keyring, session: SessionKey) {
    this.#sql = sql;
    this.#keyring = keyring;
    this.#session = session;
    this.reload();
  }

  /** Remembers what the tables say, and nothing else. */
  reload(): void {
    this.#nextAtMs.clear();
    for (const row of this.#sql.exec<Stored>("SELECT person_id, next_at_ms FROM handovers"))
      this.#nextAtMs.set(row.person_id as PersonId, row.next_at_ms); // written by begin() only
    this.#ended = this.#sql
      .exec<{ n: number }>("SELECT count(*) AS n FROM ended_handovers")
      .one().n;
  }

  has(personId: PersonId): boolean {
    return this.#nextAtMs.has(personId);
  }

  get isFull(): boolean {
    return this.#nextAtMs.size >= MAX_HANDOVERS;
  }

  dueAtMs(): number | undefined {
    if (this.#ended > 0) return 0;
    return this.#nextAtMs.size === 0 ? undefined : Math.min(...this.#nextAtMs.values());
  }

  find(personId: PersonId): HandoverRow | undefined {
    if (!this.has(personId)) return undefined;
    return this.#find("SELECT * FROM handovers WHERE person_id = ?", personId);
  }

  byId(id: TurnId): HandoverRow | undefined {
    return this.#find("SELECT * FROM handovers WHERE id = ?", id);
  }

  /** The one that is to be looked at first. */
  next(): HandoverRow | undefined {
    return this.#find("SELECT * FROM handovers ORDER BY next_at_ms, id LIMIT 1");
  }

  #find(query: string, ...values: SqlStorageValue[]): HandoverRow | undefined {
    const [stored] = this.#sql.exec<Stored>(query, ...values).toArray();
    if (!stored) return undefined;
    return {
      id: stored.id as TurnId, // this and the next are written by begin() only
      personId: stored.person_id as PersonId,
      flow: stored.flow,
      ...numberOf(stored.number),
      atMs: stored.at_ms,
      nextAtMs: stored.next_at_ms,
      isAcknowledged: stored.acknowledged === 1,
      ...deskOf(stored.desk),
      body: stored.body,
    };
  }

  #place(id: TurnId): string {
    return `handovers|${this.#session}|${id}`;
  }

  seal(id: TurnId, body: HandoverBody): Promise<Uint8Array> {
    return sealJson(this.#keyring, this.#place(id), body, body.speaker.personId);
  }

  open({ id, body }: Pick<HandoverRow, "id" | "body">): Promise<HandoverBody> {
    return openJson(this.#keyring, this.#place(id), new Uint8Array(body));
  }

  begin(
    { id, personId, flow }: Pick<HandoverRow, "id" | "personId" | "flow">,
    sealed: Uint8Array,
    nowMs: number,
  ): void {
    this.#sql.exec(
      "INSERT INTO handovers (id, person_id, flow, at_ms, next_at_ms, body) VALUES (?, ?, ?, ?, 0, ?)",
      id,
      personId,
      flow,
      nowMs,
      sealed,
    );
    this.#nextAtMs.set(personId, 0);
  }

  /** The directory has it under this number. */
  registered({ id, personId }: HandoverRow, number: number, nextAtMs: number): void {
    this.#sql.exec(
      "UPDATE handovers SET number = ?, next_at_ms = ? WHERE id = ?",
      number,
      nextAtMs,
      id,
    );
    this.#nextAtMs.set(personId, nextAtMs);
  }

  acknowledged(id: TurnId): void {
    this.#sql.exec("UPDATE handovers SET acknowledged = 1 WHERE id = ?", id);
  }

  /** Somebody of the desk has spoken: its time begins anew. */
  answered({ id, personId }: HandoverRow, desk: Desk, nowMs: number, nextAtMs: number): void {
    this.#sql.exec(
      "UPDATE handovers SET desk = ?, at_ms = ?, next_at_ms = ? WHERE id = ?",
      JSON.stringify(desk),
      nowMs,
      nextAtMs,
      id,
    );
    this.#nextAtMs.set(personId, nextAtMs);
  }

  /** What could not be worked on is looked at again then, unless it has ended meanwhile. */
  defer({ id, personId }: HandoverRow, nextAtMs: number): void {
    if (!this.has(personId)) return;
    this.#sql.exec("UPDATE handovers SET next_at_ms = ? WHERE id = ?", nextAtMs, id);
    this.#nextAtMs.set(personId, nextAtMs);
  }

  /** What was sealed of it is gone; the directory is told later. */
  end(personId: PersonId, end: HandoverEnd, by: PersonId | null): void {
    if (!this.#nextAtMs.delete(personId)) return;
    this.#sql.exec(
      "INSERT INTO ended_handovers SELECT id, person_id, ?, ?, number, desk FROM handovers WHERE person_id = ?",
      end,
      by,
      personId,
    );
    this.#sql.exec("DELETE FROM handovers WHERE person_id = ?", personId);
    this.#ended += 1;
  }

  /** Of everybody, who thereby has left. */
  forget(): void {
    for (const personId of [...this.#nextAtMs.keys()]) this.end(personId, "left", personId);
  }

  nextEnded(): EndedRow | undefined {
    if (this.#ended === 0) return undefined;
    const [stored] = this.#sql
      .exec<StoredEnd>("SELECT * FROM ended_handovers ORDER BY id LIMIT 1")
      .toArray();
    if (!stored) return undefined;
    return {
      id: stored.id as TurnId, // all of it is written by end() only
      personId: stored.person_id as PersonId,
      end: stored.why as HandoverEnd,
      by: stored.ended_by as PersonId | null,
      ...numberOf(stored.number),
      ...deskOf(stored.desk),
    };
  }

  /** The directory knows that it is over. */
  drop(id: TurnId): void {
    this.#sql.exec("DELETE FROM ended_handovers WHERE id = ?", id);
    this.reload();
  }
}
