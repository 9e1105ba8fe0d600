/** The wrapped keys of the box as rows. What they open is not here: the master key is. Synchronous SQL. */
import type { PersonId } from "../../core/ids.ts";
import type { WrappedPersonKey } from "../../security/keyring.ts";
import { applySchema } from "../schema-steps.ts";

const STEPS: readonly string[] = [
  `
  CREATE TABLE data_keys (
    id INTEGER PRIMARY KEY,
    -- By the master key.
    wrapped BLOB NOT NULL,
    created_at_ms INTEGER NOT NULL
  );
  CREATE TABLE person_keys (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    person_id TEXT NOT NULL,
    -- The data key that wraps it.
    data_key INTEGER NOT NULL,
    -- Zeros once it was destroyed: the row stays, so that its place on disk is written over.
    wrapped BLOB NOT NULL,
    created_at_ms INTEGER NOT NULL,
    destroyed_at_ms INTEGER
  );
  CREATE INDEX person_keys_by_person ON person_keys (person_id);
  -- People who turned out to be others.
  CREATE TABLE joined (person_id TEXT PRIMARY KEY, into_id TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  `,
];

export interface DataKeyRow {
  id: number;
  wrapped: Uint8Array;
  createdAtMs: number;
}

interface StoredDataKey extends Record<string, SqlStorageValue> {
  id: number;
  wrapped: ArrayBuffer;
  created_at_ms: number;
}

interface StoredPersonKey extends Record<string, SqlStorageValue> {
  number: number;
  data_key: number;
  wrapped: ArrayBuffer;
}

export interface VaultCounts {
  dataKeys: number;
  newestAtMs: number;
  personKeys: number;
  destroyed: number;
}

/** `auditKey.<object>`: the public key of the audit log that this object keeps. */
type MetaName = "masterId" | "imported" | `auditKey.${string}`;

export class VaultRows {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    applySchema(storage, STEPS);
    this.#storage = storage;
    this.#sql = storage.sql;
  }

  #dataKeys(query: string, ...values: SqlStorageValue[]): DataKeyRow[] {
    return this.#sql
      .exec<StoredDataKey>(`SELECT id, wrapped, created_at_ms FROM data_keys ${query}`, ...values)
      .toArray()
      .map((row) => ({
        id: row.id,
        wrapped: new Uint8Array(row.wrapped),
        createdAtMs: row.created_at_ms,
      }));
  }

  newest(): DataKeyRow | undefined {
    return this.#dataKeys("ORDER BY id DESC LIMIT 1")[0];
  }

  dataKey(id: number): DataKeyRow | undefined {
    return this.#dataKeys("WHERE id = ?", id)[0];
  }

  allDataKeys(): DataKeyRow[] {
    return this.#dataKeys("ORDER BY id");
  }

  countDataKeysBelow(id: number): number {
    const query = "SELECT count(*) AS n FROM data_keys WHERE id < ?";
    return this.#sql.exec<{ n: number }>(query, id).one().n;
  }

  /** The oldest data key made after this time. */
  oldestSince(atMs: number): number | undefined {
    return this.#dataKeys("WHERE created_at_ms > ? ORDER BY id LIMIT 1", atMs)[0]?.id;
  }

  /** Keeps keys whose ids are free. */
  insertDataKeys(keys: readonly DataKeyRow[]): void {
    for (const { id, wrapped, createdAtMs } of keys)
      this.#sql.exec(
        "INSERT OR IGNORE INTO data_keys (id, wrapped, created_at_ms) VALUES (?, ?, ?)",
        id,
        wrapped,
        createdAtMs,
      );
  }

  /** All data keys wrapped anew, and by which master key, in one transaction. */
  replaceWrapped(keys: readonly Pick<DataKeyRow, "id" | "wrapped">[], masterId: string): void {
    this.#storage.transactionSync(() => {
      for (const { id, wrapped } of keys)
        this.#sql.exec("UPDATE data_keys SET wrapped = ? WHERE id = ?", wrapped, id);
      this.set("masterId", masterId);
    });
  }

  get(name: MetaName): string | undefined {
    return this.#sql
      .exec<{ value: string }>("SELECT value FROM meta WHERE name = ?", name)
      .toArray()[0]?.value;
  }

  set(name: MetaName, value: string): void {
    this.#sql.exec("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", name, value);
  }

  /** Whose keys are used for this person. */
  resolve(personId: PersonId): PersonId {
    const [row] = this.#sql
      .exec<{ into_id: string }>("SELECT into_id FROM joined WHERE person_id = ?", personId)
      .toArray();
    return row ? (row.into_id as PersonId) : personId; // written by join() only
  }

  /** Everybody who turned out to be this person. */
  joinedInto(personId: PersonId): PersonId[] {
    return this.#sql
      .exec<{ person_id: string }>("SELECT person_id FROM joined WHERE into_id = ?", personId)
      .toArray()
      .map((row) => row.person_id as PersonId); // written by join() only
  }

  #personKeys(query: string, ...values: SqlStorageValue[]): WrappedPersonKey[] {
    return this.#sql
      .exec<StoredPersonKey>(
        `SELECT number, data_key, wrapped FROM person_keys WHERE destroyed_at_ms IS NULL AND ${query}`,
        ...values,
      )
      .toArray()
      .map((row) => ({
        number: row.number,
        dataKey: row.data_key,
        wrapped: new Uint8Array(row.wrapped),
      }));
  }

  /** The key to seal with for a person. */
  personKey(personId: PersonId): WrappedPersonKey | undefined {
    return this.#personKeys("person_id = ? ORDER BY number LIMIT 1", personId)[0];
  }

  personKeyByNumber(number: number): WrappedPersonKey | undefined {
    return this.#personKeys("number = ?", number)[0];
  }

  wasDestroyed(number: number): boolean {
    const query = "SELECT 1 FROM person_keys WHERE number = ? AND destroyed_at_ms IS NOT NULL";
    return this.#sql.exec(query, number).toArray().length > 0;
  }

  insertPersonKey(personId: PersonId, dataKey: number, wrapped: Uint8Array, nowMs: number): void {
    this.#sql.exec(
      "INSERT INTO person_keys (person_id, data_key, wrapped, created_at_ms) VALUES (?, ?, ?, ?)",
      personId,
      dataKey,
      wrapped,
      nowMs,
    );
  }

  /** Person keys that an older data key wraps. */
  personKeysBefore(dataKey: number, limit: number): WrappedPersonKey[] {
    return this.#personKeys("data_key < ? LIMIT ?", dataKey, limit);
  }

  /** Nothing where the key was destroyed meanwhile. */
  replacePersonKey({ number, dataKey, wrapped }: WrappedPersonKey): void {
    this.#sql.exec(
      "UPDATE person_keys SET data_key = ?, wrapped = ? WHERE number = ? AND destroyed_at_ms IS NULL",
      dataKey,
      wrapped,
      number,
    );
  }

  /** All keys of the person, those of whom he was joined from too. */
  destroy(personId: PersonId, nowMs: number): number[] {
    return this.#sql
      .exec<{ number: number }>(
        "UPDATE person_keys SET wrapped = zeroblob(length(wrapped)), destroyed_at_ms = ? WHERE person_id = ? AND destroyed_at_ms IS NULL RETURNING number",
        nowMs,
        personId,
      )
      .toArray()
      .map(({ number }) => number);
  }

  /** The keys of one person go with the other from now on. */
  join(from: PersonId, into: PersonId): void {
    this.#storage.transactionSync(() => {
      this.#sql.exec("DELETE FROM joined WHERE person_id = ?", into);
      this.#sql.exec("UPDATE joined SET into_id = ? WHERE into_id = ?", into, from);
      this.#sql.exec(
        "INSERT OR REPLACE INTO joined (person_id, into_id) VALUES (?, ?)",
        from,
        into,
      );
      this.#sql.exec("UPDATE person_keys SET person_id = ? WHERE person_id = ?", into, from);
    });
  }

  counts(): VaultCounts {
    const count = (query: string) => this.#sql.exec<{ n: number }>(query).one().n;
    return {
      dataKeys: count("SELECT count(*) AS n FROM data_keys"),
      newestAtMs: this.newest()?.createdAtMs ?? 0,
      personKeys: count("SELECT count(*) AS n FROM person_keys WHERE destroyed_at_ms IS NULL"),
      destroyed: count("SELECT count(*) AS n FROM person_keys WHERE destroyed_at_ms IS NOT NULL"),
    };
  }
}
