/** Things that work once: links that sign somebody in, and the codes that join two conversations. */
import type { LinkRedeemed } from "../../core/directory-protocol.ts";
import { decodeSessionKey, type PersonId, type SessionKey } from "../../core/ids.ts";
import { MAX_LINK_CODES } from "../../core/link-codes.ts";
import { randomCode } from "../../security/codes.ts";

export const OWNER_LINK_MS = 24 * 3_600_000;
/** Links of one person that may be open at once; a new one beyond ends the oldest. */
export const MAX_OWNER_LINKS = 5;
/** Of all people together. */
export const MAX_SIGN_IN_LINKS = 1_000;
export const LINK_CODE_MS = 10 * 60_000;

interface StoredLink extends Record<string, SqlStorageValue> {
  session: string;
  person_id: string;
  expires_at_ms: number;
  used_by: string | null;
}

export class OneTime {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** `personId` is null for the owner, who may not be known yet. */
  addOwnerToken(hash: string, personId: PersonId | null, nowMs: number): number {
    const expiresAtMs = nowMs + OWNER_LINK_MS;
    this.#sql.exec("DELETE FROM owner_tokens WHERE expires_at_ms <= ?", nowMs);
    this.#sql.exec(
      "DELETE FROM owner_tokens WHERE person_id IS ?1 AND hash NOT IN (SELECT hash FROM owner_tokens WHERE person_id IS ?1 ORDER BY number DESC, expires_at_ms DESC LIMIT ?2)",
      personId,
      MAX_OWNER_LINKS - 1,
    );
    this.#sql.exec(
      "DELETE FROM owner_tokens WHERE hash NOT IN (SELECT hash FROM owner_tokens ORDER BY number DESC, expires_at_ms DESC LIMIT ?)",
      MAX_SIGN_IN_LINKS - 1,
    );
    this.#sql.exec(
      "INSERT INTO owner_tokens (hash, expires_at_ms, person_id, number) SELECT ?, ?, ?, coalesce(max(number), 0) + 1 FROM owner_tokens",
      hash,
      expiresAtMs,
      personId,
    );
    return expiresAtMs;
  }

  /** Whom it signs in, once for each token; null for the owner, undefined for no token in force. */
  takeOwnerToken(hash: string, nowMs: number): PersonId | null | undefined {
    const [row] = this.#sql
      .exec<{ person_id: string | null }>(
        "DELETE FROM owner_tokens WHERE hash = ? AND expires_at_ms > ? RETURNING person_id",
        hash,
        nowMs,
      )
      .toArray();
    return row && (row.person_id as PersonId | null); // stored above
  }

  addLinkCode(session: SessionKey, personId: PersonId, nowMs: number): string {
    const code = randomCode();
    this.#sql.exec(
      "DELETE FROM link_codes WHERE expires_at_ms <= ? OR (session = ? AND used_by IS NULL)",
      nowMs,
      session,
    );
    this.#sql.exec(
      "DELETE FROM link_codes WHERE code NOT IN (SELECT code FROM link_codes ORDER BY number DESC, expires_at_ms DESC LIMIT ?)",
      MAX_LINK_CODES - 1,
    );
    this.#sql.exec(
      "INSERT INTO link_codes (code, session, person_id, expires_at_ms, number) SELECT ?, ?, ?, ?, coalesce(max(number), 0) + 1 FROM link_codes",
      code,
      session,
      personId,
      nowMs + LINK_CODE_MS,
    );
    return code;
  }

  /** Who made the code, when this conversation may use it; using it again from the same one gives the same answer. */
  takeLinkCode(
    code: string,
    by: SessionKey,
    nowMs: number,
  ):
    | (Omit<Extract<LinkRedeemed, { status: "linked" }>, "joined"> & { personId: PersonId })
    | { status: "bad_code" | "same_conversation" } {
    const [row] = this.#sql
      .exec<StoredLink>("SELECT * FROM link_codes WHERE code = ?", code)
      .toArray();
    if (!row || row.expires_at_ms <= nowMs || (row.used_by !== null && row.used_by !== by))
      return { status: "bad_code" };
    if (row.session === by) return { status: "same_conversation" };
    this.#sql.exec("UPDATE link_codes SET used_by = ? WHERE code = ?", by, code);
    // Its own open codes would lead back here, in a circle.
    this.#sql.exec("DELETE FROM link_codes WHERE session = ? AND used_by IS NULL", by);
    const to = row.session as SessionKey; // stored as such, like the person's id
    return {
      status: "linked",
      to,
      channel: decodeSessionKey(to)?.channel ?? "",
      personId: row.person_id as PersonId,
    };
  }
}
