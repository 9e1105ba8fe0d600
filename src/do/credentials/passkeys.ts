/** The passkeys of people: public keys, each of one person and one host. */
import { AppError } from "../../core/errors.ts";
import type { PersonId } from "../../core/ids.ts";
import type { PasskeyAnswer, PasskeySummary } from "../../core/sign-in-protocol.ts";
import { hashToken } from "../../security/codes.ts";
import {
  createPasskeyOptions,
  requestPasskeyOptions,
  verifyNewPasskey,
  verifyPasskey,
} from "../../security/passkey.ts";
import { createChallenge, verifyChallenge } from "../../security/passkey-challenge.ts";
import { spendOnce } from "./spend-once.ts";

export const MAX_PASSKEYS = 20;
const SIGN_IN = "sign-in";

interface Stored extends Record<string, SqlStorageValue> {
  id: string;
  person_id: string;
  name: string;
  host: string;
  public_key: ArrayBuffer;
  counter: number;
  created_at_ms: number;
  used_at_ms: number | null;
}

export class Passkeys {
  readonly #sql: SqlStorage;
  readonly #openSecret: () => Promise<CryptoKey>;

  constructor(sql: SqlStorage, openSecret: () => Promise<CryptoKey>) {
    this.#sql = sql;
    this.#openSecret = openSecret;
  }

  async createOptions(
    person: { id: PersonId; name: string },
    host: string,
    nowMs: number,
  ): Promise<unknown> {
    const challenge = await createChallenge(
      await this.#openSecret(),
      enrolmentOf(person.id),
      nowMs,
    );
    const known = this.#rowsOf(person.id).filter((row) => row.host === host);
    return createPasskeyOptions(
      person,
      host,
      challenge,
      known.map(({ id }) => id),
    );
  }

  /** Throws sign_in/passkey_refused, sign_in/too_many_passkeys. */
  async add(
    personId: PersonId,
    name: string,
    { response, ...page }: PasskeyAnswer,
    nowMs: number,
  ): Promise<void> {
    const answered = new AnsweredChallenge(await this.#openSecret(), enrolmentOf(personId), nowMs);
    const { id, publicKey, counter } = await verifyNewPasskey(response, page, answered.check);
    if (this.#find(id)) throw new AppError("sign_in/passkey_refused");
    if (this.#rowsOf(personId).length >= MAX_PASSKEYS)
      throw new AppError("sign_in/too_many_passkeys", {
        detail: `A person has at most ${MAX_PASSKEYS} passkeys.`,
      });
    await this.#spend(answered, nowMs);
    this.#sql.exec(
      "INSERT INTO passkeys (id, person_id, name, host, public_key, counter, created_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)",
      id,
      personId,
      name,
      page.host,
      publicKey,
      counter,
      nowMs,
    );
  }

  async requestOptions(host: string, nowMs: number): Promise<unknown> {
    const challenge = await createChallenge(await this.#openSecret(), SIGN_IN, nowMs);
    return requestPasskeyOptions(host, challenge);
  }

  /** Whose passkey it is. Throws sign_in/passkey_refused. */
  async use({ response, ...page }: PasskeyAnswer, nowMs: number): Promise<PersonId> {
    const row = this.#find(idOf(response));
    if (!row || row.host !== page.host) throw new AppError("sign_in/passkey_refused");
    const stored = { id: row.id, publicKey: new Uint8Array(row.public_key), counter: row.counter };
    const answered = new AnsweredChallenge(await this.#openSecret(), SIGN_IN, nowMs);
    const counter = await verifyPasskey(response, page, stored, answered.check);
    await this.#spend(answered, nowMs);
    this.#sql.exec(
      "UPDATE passkeys SET counter = ?, used_at_ms = ? WHERE id = ?",
      counter,
      nowMs,
      row.id,
    );
    return row.person_id as PersonId; // stored by add()
  }

  list(personId: PersonId): PasskeySummary[] {
    return this.#rowsOf(personId).map((row) => ({
      id: row.id,
      name: row.name,
      host: row.host,
      createdAtMs: row.created_at_ms,
      ...(row.used_at_ms === null ? {} : { usedAtMs: row.used_at_ms }),
    }));
  }

  /** False where the person has none of this id. */
  remove(personId: PersonId, id: string): boolean {
    const removed = this.#sql.exec(
      "DELETE FROM passkeys WHERE id = ? AND person_id = ? RETURNING id",
      id,
      personId,
    );
    return removed.toArray().length > 0;
  }

  forget(personId: PersonId): void {
    this.#sql.exec("DELETE FROM passkeys WHERE person_id = ?", personId);
  }

  follow(from: PersonId, into: PersonId): void {
    this.#sql.exec("UPDATE passkeys SET person_id = ? WHERE person_id = ?", into, from);
  }

  /** Throws sign_in/passkey_refused where it was answered before. */
  async #spend({ challenge, expiresAtMs }: AnsweredChallenge, nowMs: number): Promise<void> {
    const hash = await hashToken(challenge);
    if (!spendOnce(this.#sql, hash, expiresAtMs, nowMs))
      throw new AppError("sign_in/passkey_refused");
  }

  #find(id: string): Stored | undefined {
    return this.#sql.exec<Stored>("SELECT * FROM passkeys WHERE id = ?", id).toArray()[0];
  }

  #rowsOf(personId: PersonId): Stored[] {
    return this.#sql
      .exec<Stored>(
        "SELECT * FROM passkeys WHERE person_id = ? ORDER BY created_at_ms, name, id",
        personId,
      )
      .toArray();
  }
}

/** The challenge that an answer holds, once it was checked. */
class AnsweredChallenge {
  challenge = "";
  expiresAtMs = 0;
  readonly check: (challenge: string) => Promise<boolean>;

  constructor(secret: CryptoKey, purpose: string, nowMs: number) {
    this.check = async (challenge) => {
      const expiresAtMs = await verifyChallenge(secret, purpose, challenge, nowMs);
      if (expiresAtMs === undefined) return false;
      this.challenge = challenge;
      this.expiresAtMs = expiresAtMs;
      return true;
    };
  }
}

/** A challenge for one person is no other's. */
function enrolmentOf(personId: PersonId): string {
  return `enrol:${personId}`;
}

function idOf(response: unknown): string {
  const hasId = typeof response === "object" && response !== null && "id" in response;
  return hasId && typeof response.id === "string" ? response.id : "";
}
