/** The API keys of the directory: of each one its hash, its person and what it may do. Synchronous SQL. */
import type { ApiKeySummary, CreateApiKey } from "../../core/admin-protocol.ts";
import type { ApiCaller, ApiScope } from "../../core/api-keys.ts";
import type { Person } from "../../core/directory-protocol.ts";
import { AppError } from "../../core/errors.ts";
import type { PersonId } from "../../core/ids.ts";
import { type ParsedApiKey, renderKeyStart } from "../../security/api-key.ts";
import { isSameHash } from "../../security/codes.ts";

export const MAX_API_KEYS = 100;

interface StoredKey extends Record<string, SqlStorageValue> {
  id: string;
  name: string;
  hash: string;
  person_id: string;
  scopes: string;
  model: string | null;
  cache_answers_ms: number | null;
  created_at_ms: number;
  expires_at_ms: number | null;
  last_used_day: string | null;
}

/** With whom the key belongs to. */
interface KeyWithPerson extends StoredKey {
  role: string;
  person: string;
  lang: string;
}

const SELECT =
  "SELECT k.*, p.role, p.name AS person, p.lang FROM api_keys k JOIN people p ON p.id = k.person_id";

export class ApiKeys {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Throws apikey/exists, apikey/too_many. */
  add(
    { id, hash }: ParsedApiKey,
    { name, scopes, model, cacheAnswersMs, expiresAtMs }: CreateApiKey,
    person: Person,
    nowMs: number,
  ): ApiKeySummary {
    if (this.#sql.exec("SELECT 1 FROM api_keys WHERE name = ?", name).toArray().length > 0)
      throw new AppError("apikey/exists");
    const { n } = this.#sql.exec<{ n: number }>("SELECT count(*) AS n FROM api_keys").one();
    if (n >= MAX_API_KEYS)
      throw new AppError("apikey/too_many", { detail: `At most ${MAX_API_KEYS} API keys fit.` });
    this.#sql.exec(
      "INSERT INTO api_keys (id, name, hash, person_id, scopes, model, cache_answers_ms, created_at_ms, expires_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      id,
      name,
      hash,
      person.id,
      scopes.join(" "),
      model ?? null,
      cacheAnswersMs ?? null,
      nowMs,
      expiresAtMs ?? null,
    );
    return toSummary(this.#sql.exec<KeyWithPerson>(`${SELECT} WHERE k.id = ?`, id).one());
  }

  /** False where there is none of this name. */
  remove(name: string): boolean {
    return (
      this.#sql.exec("DELETE FROM api_keys WHERE name = ? RETURNING id", name).toArray().length > 0
    );
  }

  /** Everybody's, or one person's. */
  list(of?: PersonId): ApiKeySummary[] {
    return this.#sql
      .exec<KeyWithPerson>(
        `${SELECT} WHERE k.person_id = coalesce(?, k.person_id) ORDER BY k.name`,
        of ?? null,
      )
      .toArray()
      .map(toSummary);
  }

  /** Whose call it is, the key's day of use noted; undefined for a key that is not in force. */
  use({ id, hash }: ParsedApiKey, nowMs: number): ApiCaller | undefined {
    const [row] = this.#sql.exec<KeyWithPerson>(`${SELECT} WHERE k.id = ?`, id).toArray();
    if (!row || !isSameHash(row.hash, hash)) return undefined;
    if (row.expires_at_ms !== null && row.expires_at_ms <= nowMs) return undefined;
    const today = new Date(nowMs).toISOString().slice(0, 10);
    if (row.last_used_day !== today)
      this.#sql.exec("UPDATE api_keys SET last_used_day = ? WHERE id = ?", today, id);
    return toCaller(row);
  }
}

/** What add() writes, and People, is what is read here. */
function toCaller(row: KeyWithPerson): ApiCaller {
  return {
    keyName: row.name,
    speaker: {
      personId: row.person_id as PersonId,
      role: row.role as Person["role"],
      name: row.person,
      lang: row.lang as Person["lang"],
    },
    scopes: row.scopes.split(" ") as ApiScope[],
    ...(row.model === null ? {} : { model: row.model }),
    ...(row.cache_answers_ms === null ? {} : { cacheAnswersMs: row.cache_answers_ms }),
    ...(row.expires_at_ms === null ? {} : { expiresAtMs: row.expires_at_ms }),
  };
}

function toSummary(row: KeyWithPerson): ApiKeySummary {
  const { keyName, speaker, ...rest } = toCaller(row);
  return {
    name: keyName,
    start: renderKeyStart(row.id),
    person: speaker.name,
    ...rest,
    createdAtMs: row.created_at_ms,
    ...(row.last_used_day === null ? {} : { lastUsedDay: row.last_used_day }),
  };
}
