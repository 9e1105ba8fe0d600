/**
 * What the box remembers for each person: facts, sealed, and the person's time zone. They live in the directory, so that
 * joining two people joins their memories in the same transaction. Bounded for each person.
 */

import type { PersonId } from "../../core/ids.ts";
import { type Fact, MAX_FACTS, type Remembered } from "../../core/memory.ts";
import { type Keyring, openJson, sealJson, unlessErased } from "../../security/keyring.ts";

interface StoredFact extends Record<string, SqlStorageValue> {
  key: string;
  number: number;
  at_ms: number;
  body: ArrayBuffer;
}

/** Not the person: two people who turn out to be one keep what was sealed for each. */
function placeOf(key: string): string {
  return `facts|${key}`;
}

function sameText(a: string, b: string): boolean {
  const plain = (text: string) =>
    text
      .toLowerCase()
      .replace(/[\s\p{P}]+/gu, " ")
      .trim();
  return plain(a) === plain(b);
}

export class Memories {
  readonly #sql: SqlStorage;
  readonly #keyring: Keyring;

  constructor(sql: SqlStorage, keyring: Keyring) {
    this.#sql = sql;
    this.#keyring = keyring;
  }

  /** `key` names what is remembered: the same one again replaces its text, as a turn that runs again does. */
  async remember(
    personId: PersonId,
    key: string,
    text: string,
    nowMs: number,
  ): Promise<Remembered> {
    const place = `${personId}|${key}`;
    const sealed = await sealJson(this.#keyring, placeOf(place), text, personId);
    const known = (await this.#open(personId)).find(
      (fact) => fact.key !== place && sameText(fact.text, text),
    );
    if (known) return { status: "known", number: known.number };
    // Synchronous from here: what was counted is still so when the row is written.
    const stored = this.#sql
      .exec<{ number: number }>(
        "UPDATE facts SET body = ? WHERE key = ? RETURNING number",
        sealed,
        place,
      )
      .toArray()[0];
    if (stored) return { status: "kept", number: stored.number };
    if (this.#rows(personId).length >= MAX_FACTS) return { status: "full" };
    const number = this.#nextNumber(personId);
    this.#sql.exec(
      "INSERT INTO facts (key, person_id, number, at_ms, body) VALUES (?, ?, ?, ?, ?)",
      place,
      personId,
      number,
      nowMs,
      sealed,
    );
    return { status: "kept", number };
  }

  #nextNumber(personId: PersonId): number {
    return this.#sql
      .exec<{ number: number }>(
        "INSERT INTO person_facts (person_id, newest) VALUES (?, 1) ON CONFLICT DO UPDATE SET newest = newest + 1 RETURNING newest AS number",
        personId,
      )
      .one().number;
  }

  #rows(personId: PersonId): StoredFact[] {
    return this.#sql
      .exec<StoredFact>("SELECT * FROM facts WHERE person_id = ? ORDER BY number", personId)
      .toArray();
  }

  async #open(personId: PersonId): Promise<(Fact & { key: string })[]> {
    const facts = await Promise.all(
      this.#rows(personId).map(({ key, number, at_ms: atMs, body }) =>
        unlessErased(
          openJson<string>(this.#keyring, placeOf(key), new Uint8Array(body)).then((text) => ({
            key,
            number,
            atMs,
            text,
          })),
        ),
      ),
    );
    return facts.filter((fact) => fact !== undefined);
  }

  /** Oldest first. */
  async list(personId: PersonId): Promise<Fact[]> {
    const facts = await this.#open(personId);
    return facts.map(({ number, text, atMs }) => ({ number, text, atMs }));
  }

  /** Whether there is, or was, a fact of this number: forgetting it twice changes nothing. */
  forget(personId: PersonId, number: number): boolean {
    this.#sql.exec("DELETE FROM facts WHERE person_id = ? AND number = ?", personId, number);
    const [known] = this.#sql
      .exec<{ newest: number }>("SELECT newest FROM person_facts WHERE person_id = ?", personId)
      .toArray();
    return number >= 1 && number <= (known?.newest ?? 0);
  }

  forgetAll(personId: PersonId): void {
    this.#sql.exec("DELETE FROM facts WHERE person_id = ?", personId);
  }

  zone(personId: PersonId): string | undefined {
    const [known] = this.#sql
      .exec<{ zone: string | null }>("SELECT zone FROM person_facts WHERE person_id = ?", personId)
      .toArray();
    return known?.zone ?? undefined;
  }

  setZone(personId: PersonId, zone: string): void {
    this.#sql.exec(
      "INSERT INTO person_facts (person_id, newest, zone) VALUES (?, 0, ?) ON CONFLICT DO UPDATE SET zone = excluded.zone",
      personId,
      zone,
    );
  }
}

/** Everything of one person becomes another's, under numbers after theirs. Inside the caller's transaction. */
export function mergeMemories(sql: SqlStorage, from: PersonId, into: PersonId): void {
  sql.exec("INSERT OR IGNORE INTO person_facts (person_id, newest) VALUES (?, 0)", into);
  sql.exec(
    "UPDATE facts SET person_id = ?1, number = number + (SELECT newest FROM person_facts WHERE person_id = ?1) WHERE person_id = ?2",
    into,
    from,
  );
  sql.exec(
    `UPDATE person_facts SET
       newest = newest + coalesce((SELECT newest FROM person_facts WHERE person_id = ?2), 0),
       zone = coalesce(zone, (SELECT zone FROM person_facts WHERE person_id = ?2))
     WHERE person_id = ?1`,
    into,
    from,
  );
  sql.exec("DELETE FROM person_facts WHERE person_id = ?", from);
}
