/** All dialogues of the box that were handed over to a person, under the numbers that the desk calls them by; what becomes of them is in the audit log. */
import { type AuditActor, auditEvent } from "../../core/audit.ts";
import type { EndedHandover, HandoverSummary, NewHandover } from "../../core/handover.ts";
import { decodeSessionKey, type PersonId, type SessionKey, type TurnId } from "../../core/ids.ts";
import type { DirectoryParts } from "./directory-parts.ts";

/** Handed over at once, in the whole box. */
export const MAX_OPEN_HANDOVERS = 200;
/** Ended ones that are still known, so that a word for one says that it is over. */
export const MAX_ENDED_HANDOVERS = 200;

export type HandoverOpened = { status: "opened"; number: number } | { status: "full" };

/** Where one is, for who answers. */
export interface HandoverFound {
  id: TurnId;
  session: SessionKey;
}

/** One of a person's, as the person's export lists it. */
export interface ListedHandover {
  number: number;
  flow: string;
  openedAtMs: number;
  isAnswered: boolean;
  isOver: boolean;
}

interface Stored extends Record<string, SqlStorageValue> {
  number: number;
  id: string;
  session: string;
  person_id: string;
  flow: string;
  opened_at_ms: number;
  answered_by: string | null;
  ended: number;
}

export class DirectoryHandovers {
  readonly #parts: DirectoryParts;

  constructor(parts: DirectoryParts) {
    this.#parts = parts;
  }

  get #sql(): SqlStorage {
    return this.#parts.storage.sql;
  }

  #find(column: "id" | "number", value: string | number): Stored | undefined {
    return this.#sql
      .exec<Stored>(`SELECT * FROM handovers WHERE ${column} = ?`, value)
      .toArray()[0];
  }

  /** The same number for the same id. */
  async open({ id, session, personId, flow }: NewHandover): Promise<HandoverOpened> {
    const { storage, audit } = this.#parts;
    const opened = storage.transactionSync((): HandoverOpened => {
      const known = this.#find("id", id);
      if (known) return { status: "opened", number: known.number };
      const { n } = this.#sql
        .exec<{ n: number }>("SELECT count(*) AS n FROM handovers WHERE ended = 0")
        .one();
      if (n >= MAX_OPEN_HANDOVERS) return { status: "full" };
      const { number } = this.#sql
        .exec<{ number: number }>(
          "INSERT INTO handovers (id, session, person_id, flow, opened_at_ms) VALUES (?, ?, ?, ?, ?) RETURNING number",
          id,
          session,
          personId,
          flow,
          Date.now(),
        )
        .one();
      const by = { userId: personId, ip: null };
      audit.add(auditEvent("handover.began", by, { number, flow }));
      return { status: "opened", number };
    });
    await audit.flush();
    return opened;
  }

  list(): HandoverSummary[] {
    const nameOf = (id: string) => this.#parts.people.find(id as PersonId)?.name ?? "?"; // written by open() and take()
    return this.#sql
      .exec<Stored>("SELECT * FROM handovers WHERE ended = 0 ORDER BY number")
      .toArray()
      .map((row) => ({
        number: row.number,
        name: nameOf(row.person_id),
        channel: decodeSessionKey(row.session as SessionKey)?.channel ?? "", // the same
        flow: row.flow,
        openedAtMs: row.opened_at_ms,
        answeredBy: row.answered_by === null ? null : nameOf(row.answered_by),
      }));
  }

  /** Those of one person that are known, ended ones with them. */
  of(people: readonly PersonId[]): ListedHandover[] {
    return this.#sql
      .exec<Stored>(
        "SELECT * FROM handovers WHERE person_id IN (SELECT value FROM json_each(?)) ORDER BY number",
        JSON.stringify(people),
      )
      .toArray()
      .map((row) => ({
        number: row.number,
        flow: row.flow,
        openedAtMs: row.opened_at_ms,
        isAnswered: row.answered_by !== null,
        isOver: row.ended === 1,
      }));
  }

  /** Somebody is about to answer. Undefined for a number that there is not, or not any more. */
  async take(number: number, by: AuditActor): Promise<HandoverFound | undefined> {
    const { storage, audit } = this.#parts;
    const found = storage.transactionSync(() => {
      const row = this.#find("number", number);
      if (row && row.ended === 0 && by.userId !== null && row.answered_by !== by.userId) {
        this.#sql.exec("UPDATE handovers SET answered_by = ? WHERE number = ?", by.userId, number);
        const about = { subjectId: row.person_id as PersonId }; // written by open() only
        audit.add(auditEvent("handover.taken", by, { number }, about));
      }
      return row && { id: row.id as TurnId, session: row.session as SessionKey }; // the same
    });
    await audit.flush();
    return found;
  }

  /** Running it twice changes nothing. */
  async close({ id, end, by }: EndedHandover): Promise<void> {
    const { storage, audit } = this.#parts;
    storage.transactionSync(() => {
      const row = this.#find("id", id);
      if (!row || row.ended === 1) return;
      this.#sql.exec("UPDATE handovers SET ended = 1 WHERE id = ?", id);
      this.#sql.exec(
        "DELETE FROM handovers WHERE ended = 1 AND number NOT IN (SELECT number FROM handovers WHERE ended = 1 ORDER BY number DESC LIMIT ?)",
        MAX_ENDED_HANDOVERS,
      );
      const about = { subjectId: row.person_id as PersonId }; // written by open() only
      const who = { userId: by, ip: null };
      audit.add(auditEvent("handover.ended", who, { number: row.number, why: end }, about));
    });
    await audit.flush();
  }

  /** Inside the caller's transaction: with everything else of these people. */
  erase(people: readonly PersonId[]): void {
    const ids = JSON.stringify(people);
    this.#sql.exec(
      "DELETE FROM handovers WHERE person_id IN (SELECT value FROM json_each(?))",
      ids,
    );
    this.#sql.exec(
      "UPDATE handovers SET answered_by = NULL WHERE answered_by IN (SELECT value FROM json_each(?))",
      ids,
    );
  }
}
