/** Names and passwords that people sign in with; what is kept of a password is sealed by the key of its person. */
import { AppError } from "../../core/errors.ts";
import type { PersonId } from "../../core/ids.ts";
import { type Keyring, openJson, sealJson } from "../../security/keyring.ts";
import {
  createPasswordRecord,
  isPassword,
  NOBODYS_RECORD,
  type PasswordRecord,
} from "../../security/password.ts";
import { WorkLine } from "./work-line.ts";

/** Passwords that wait to be looked at; one is at a time. */
export const MAX_WAITING_PASSWORDS = 8;

interface Stored extends Record<string, SqlStorageValue> {
  id: string;
  person_id: string;
  name: string;
  body: ArrayBuffer;
}

export class Passwords {
  readonly #sql: SqlStorage;
  readonly #keyring: Keyring;
  readonly #line = new WorkLine(MAX_WAITING_PASSWORDS);

  constructor(sql: SqlStorage, keyring: Keyring) {
    this.#sql = sql;
    this.#keyring = keyring;
  }

  /** Whose name and password these are; undefined for nobody's, after the same work. Throws sign_in/busy. */
  async find(name: string, password: string): Promise<PersonId | undefined> {
    const [row] = this.#sql.exec<Stored>("SELECT * FROM passwords WHERE name = ?", name).toArray();
    const record = row ? await this.#open(row) : NOBODYS_RECORD;
    const isRight = await this.#line.run(() => isPassword(record, password));
    // While it waited in line the password may have been changed.
    return row && isRight && this.#isStored(row.id) ? (row.person_id as PersonId) : undefined; // stored by set()
  }

  /** Throws sign_in/name_taken, sign_in/busy. */
  async set(personId: PersonId, name: string, password: string, nowMs: number): Promise<void> {
    this.#verifyFree(personId, name);
    const record = await this.#line.run(() => createPasswordRecord(password));
    const id = crypto.randomUUID();
    const body = await sealJson(this.#keyring, placeOf(id), record, personId);
    this.#verifyFree(personId, name); // somebody may have been faster
    this.#sql.exec("DELETE FROM passwords WHERE person_id = ?", personId);
    this.#sql.exec(
      "INSERT INTO passwords (id, person_id, name, changed_at_ms, body) VALUES (?, ?, ?, ?, ?)",
      id,
      personId,
      name,
      nowMs,
      body,
    );
  }

  remove(personId: PersonId): void {
    this.#sql.exec("DELETE FROM passwords WHERE person_id = ?", personId);
  }

  nameOf(personId: PersonId): string | undefined {
    const rows = this.#sql.exec<{ name: string }>(
      "SELECT name FROM passwords WHERE person_id = ?",
      personId,
    );
    return rows.toArray()[0]?.name;
  }

  /** The one that stays keeps the password of its own, where it has one. */
  follow(from: PersonId, into: PersonId): void {
    if (this.nameOf(into) === undefined)
      this.#sql.exec("UPDATE passwords SET person_id = ? WHERE person_id = ?", into, from);
    else this.remove(from);
  }

  #isStored(id: string): boolean {
    return this.#sql.exec("SELECT 1 FROM passwords WHERE id = ?", id).toArray().length > 0;
  }

  #verifyFree(personId: PersonId, name: string): void {
    const taken = this.#sql.exec(
      "SELECT 1 FROM passwords WHERE name = ? AND person_id <> ?",
      name,
      personId,
    );
    if (taken.toArray().length > 0) throw new AppError("sign_in/name_taken");
  }

  #open({ id, body }: Stored): Promise<PasswordRecord> {
    return openJson<PasswordRecord>(this.#keyring, placeOf(id), new Uint8Array(body));
  }
}

/** What a sealed record is bound to. */
function placeOf(id: string): string {
  return `credentials/passwords/${id}`;
}
