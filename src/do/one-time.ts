/** Things that work once: owner links, and the codes that join two conversations. */
import type { LinkRedeemed } from "../core/directory-protocol.ts";
import { decodeSessionKey, type PersonId, type SessionKey } from "../core/ids.ts";
import { randomCode } from "../security/codes.ts";

export const OWNER_LINK_MS = 24 * 3_600_000;
/** Owner links that may be open at once; a new one beyond ends the oldest. */
export const MAX_OWNER_LINKS = 5;
export const LINK_CODE_MS = 10 * 60_000;
const MAX_LINK_CODES = 500;

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

  addOwnerToken(hash: string, nowMs: number): number {
    const expiresAtMs = nowMs + OWNER_LINK_MS;
    this.#sql.exec("DELETE FROM owner_tokens WHERE expires_at_ms <= ?", nowMs);
    this.#sql.exec(
      "DELETE FROM owner_tokens WHERE hash NOT IN (SELECT hash FROM owner_tokens ORDER BY expires_at_ms DESC LIMIT ?)",
      MAX_OWNER_LINKS - 1,
    );
    this.#sql.exec(
      "INSERT INTO owner_tokens (hash, expires_at_ms) VALUES (?, ?)",
      hash,
      expiresAtMs,
    );
    return expiresAtMs;
  }

  /** True once for each token. */
  takeOwnerToken(hash: string, nowMs: number): boolean {
    return (
      this.#sql
        .exec(
          "DELETE FROM owner_tokens WHERE hash = ? AND expires_at_ms > ? RETURNING hash",
          hash,
          nowMs,
        )
        .toArray().length > 0
    );
  }

  addLinkCode(session: SessionKey, personId: PersonId, nowMs: number): string {
    const code = randomCode();
    this.#sql.exec(
      "DELETE FROM link_codes WHERE expires_at_ms <= ? OR (session = ? AND used_by IS NULL)",
      nowMs,
      session,
    );
    this.#sql.exec(
      "DELETE FROM link_codes WHERE code NOT IN (SELECT code FROM link_codes ORDER BY expires_at_ms DESC LIMIT ?)",
      MAX_LINK_CODES - 1,
    );
    this.#sql.exec(
      "INSERT INTO link_codes (code, session, person_id, expires_at_ms) VALUES (?, ?, ?, ?)",
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
    | (LinkRedeemed & { status: "linked"; personId: PersonId })
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
