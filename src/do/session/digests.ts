/**
 * Long documents that are being read, as rows: the plan, the text in parts, and the notes that were made so far, all
 * sealed. They go with the message's turn. Synchronous SQL; callers put several calls into one transaction.
 */
import type { PersonId, SessionKey, TurnId } from "../../core/ids.ts";
import { type Keyring, openJson, sealJson } from "../../security/keyring.ts";
import type { DigestPlan } from "../../turn/digest.ts";

/** What is sealed of a reading. */
export interface DigestBody extends DigestPlan {
  /** It is longer than what is read of it. */
  isCut: boolean;
}

/** The document's own text stands below the notes. */
const TEXT_LEVEL = 0;

interface StoredPart extends Record<string, SqlStorageValue> {
  level: number;
  part: number;
  body: ArrayBuffer;
}

export interface SealedDigest {
  plan: Uint8Array;
  texts: Uint8Array[];
}

export class Digests {
  readonly #sql: SqlStorage;
  readonly #keyring: Keyring;
  readonly #session: SessionKey;

  constructor(sql: SqlStorage, keyring: Keyring, session: SessionKey) {
    this.#sql = sql;
    this.#keyring = keyring;
    this.#session = session;
  }

  #place(turnId: TurnId, part: string): string {
    return `digests|${this.#session}|${turnId}|${part}`;
  }

  async seal(
    turnId: TurnId,
    plan: DigestBody,
    texts: readonly string[],
    personId: PersonId,
  ): Promise<SealedDigest> {
    const sealed = await Promise.all(
      texts.map((text, part) => this.sealPart({ turnId, level: TEXT_LEVEL, part }, text, personId)),
    );
    return {
      plan: await sealJson(this.#keyring, this.#place(turnId, "plan"), plan, personId),
      texts: sealed,
    };
  }

  sealPart(
    { turnId, level, part }: { turnId: TurnId; level: number; part: number },
    text: string,
    personId: PersonId,
  ): Promise<Uint8Array> {
    return sealJson(this.#keyring, this.#place(turnId, `${level}|${part}`), text, personId);
  }

  /** In place of an earlier one of this turn. Inside the caller's transaction. */
  begin(turnId: TurnId, { plan, texts }: SealedDigest, nowMs: number): void {
    this.drop(turnId);
    this.#sql.exec(
      "INSERT INTO digests (turn_id, at_ms, body) VALUES (?, ?, ?)",
      turnId,
      nowMs,
      plan,
    );
    for (const [part, sealed] of texts.entries()) this.put(turnId, TEXT_LEVEL, part, sealed);
  }

  /** The same again replaces it. Inside the caller's transaction. */
  put(turnId: TurnId, level: number, part: number, sealed: Uint8Array): void {
    this.#sql.exec(
      "INSERT INTO digest_parts (turn_id, level, part, body) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
      turnId,
      level,
      part,
      sealed,
    );
  }

  has(turnId: TurnId): boolean {
    return this.#sql.exec("SELECT 1 FROM digests WHERE turn_id = ?", turnId).toArray().length > 0;
  }

  /** Undefined where there is none, or no longer. */
  async open(turnId: TurnId): Promise<DigestBody | undefined> {
    const [row] = this.#sql
      .exec<{ body: ArrayBuffer }>("SELECT body FROM digests WHERE turn_id = ?", turnId)
      .toArray();
    return row && openJson(this.#keyring, this.#place(turnId, "plan"), new Uint8Array(row.body));
  }

  /** One part of the document. */
  async text(turnId: TurnId, part: number): Promise<string> {
    const [row] = await this.#openParts(
      turnId,
      this.#sql.exec<StoredPart>(
        "SELECT level, part, body FROM digest_parts WHERE turn_id = ? AND level = ? AND part = ?",
        turnId,
        TEXT_LEVEL,
        part,
      ),
    );
    return row?.text ?? "";
  }

  /** All notes so far: of each level, from the first on, in their order. */
  async notes(turnId: TurnId): Promise<string[][]> {
    const rows = await this.#openParts(
      turnId,
      this.#sql.exec<StoredPart>(
        "SELECT level, part, body FROM digest_parts WHERE turn_id = ? AND level > ? ORDER BY level, part",
        turnId,
        TEXT_LEVEL,
      ),
    );
    const levels: string[][] = [];
    for (const { level, text } of rows) {
      levels[level - 1] ??= [];
      levels[level - 1]?.push(text);
    }
    return levels;
  }

  #openParts(
    turnId: TurnId,
    rows: Iterable<StoredPart>,
  ): Promise<{ level: number; text: string }[]> {
    return Promise.all(
      [...rows].map(async ({ level, part, body }) => {
        const place = this.#place(turnId, `${level}|${part}`);
        return { level, text: await openJson<string>(this.#keyring, place, new Uint8Array(body)) };
      }),
    );
  }

  drop(turnId: TurnId): void {
    this.#sql.exec("DELETE FROM digests WHERE turn_id = ?", turnId);
    this.#sql.exec("DELETE FROM digest_parts WHERE turn_id = ?", turnId);
  }

  forget(): void {
    this.#sql.exec("DELETE FROM digests");
    this.#sql.exec("DELETE FROM digest_parts");
  }
}
