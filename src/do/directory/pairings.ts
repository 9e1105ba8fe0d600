/** Strangers who ask to be let in: each has a code that the owner approves, and that lapses by itself. */
import type { PendingPairing } from "../../core/admin-protocol.ts";
import type { Admission, AdmitRequest } from "../../core/directory-protocol.ts";
import { type AccountKey, parseAccountKey } from "../../core/ids.ts";
import type { Target } from "../../core/message.ts";
import { decideLang, type Lang } from "../../phrases/phrase.ts";
import { randomCode } from "../../security/codes.ts";
import { nameOf } from "./people.ts";

/** Strangers who may wait for an answer, for each account. */
export const MAX_PENDING = 3;
export const PAIRING_MS = 3_600_000;
/** A stranger who writes on is told his code again after this time. */
const NOTICE_EVERY_MS = 60_000;

interface StoredPairing extends Record<string, SqlStorageValue> {
  code: string;
  account: string;
  sender: string;
  sender_name: string;
  lang: string;
  target: string;
  expires_at_ms: number;
  noticed_at_ms: number;
}

/** One who asked, and where he is told of the decision. */
export interface Pairing {
  account: AccountKey;
  sender: string;
  senderName: string;
  lang: Lang;
  target: Target;
}

/** Synchronous SQL: callers put several calls into one transaction. */
export class Pairings {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** The stranger's code, the same as long as it is valid; denied where too many wait. */
  ask(request: AdmitRequest, nowMs: number): Admission {
    this.#sql.exec("DELETE FROM pairings WHERE expires_at_ms <= ?", nowMs);
    const pending = this.#sql
      .exec<StoredPairing>("SELECT * FROM pairings WHERE account = ?", request.account)
      .toArray();
    const mine = pending.find((pairing) => pairing.sender === request.sender.id);
    const lang = decideLang(request.sender.lang);
    if (mine)
      return {
        status: "pairing",
        code: mine.code,
        lang,
        notify: nowMs - mine.noticed_at_ms >= NOTICE_EVERY_MS,
      };
    if (pending.length >= MAX_PENDING) return { status: "denied" };
    const code = randomCode();
    this.#sql.exec(
      "INSERT INTO pairings (code, account, sender, sender_name, lang, target, expires_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)",
      code,
      request.account,
      request.sender.id,
      nameOf(request.sender.name, request.sender.id),
      lang,
      JSON.stringify(request.target),
      nowMs + PAIRING_MS,
    );
    return { status: "pairing", code, lang, notify: true };
  }

  noticed(code: string, nowMs: number): void {
    this.#sql.exec("UPDATE pairings SET noticed_at_ms = ? WHERE code = ?", nowMs, code);
  }

  pending(nowMs: number): PendingPairing[] {
    return this.#sql
      .exec<StoredPairing>(
        "SELECT * FROM pairings WHERE expires_at_ms > ? ORDER BY expires_at_ms, account, sender",
        nowMs,
      )
      .toArray()
      .map((row) => {
        const { channel, name: account } = parseAccountKey(row.account as AccountKey); // stored by ask()
        return {
          code: row.code,
          channel,
          account,
          senderName: row.sender_name,
          expiresAtMs: row.expires_at_ms,
        };
      });
  }

  /** Ends a pairing and returns it; undefined for a code that is unknown or too old. */
  take(code: string, nowMs: number): Pairing | undefined {
    const [row] = this.#sql
      .exec<StoredPairing>(
        "DELETE FROM pairings WHERE code = ? AND expires_at_ms > ? RETURNING *",
        code,
        nowMs,
      )
      .toArray();
    return (
      row && {
        account: row.account as AccountKey, // stored by ask(), as are the two below
        sender: row.sender,
        senderName: row.sender_name,
        lang: row.lang as Lang,
        target: JSON.parse(row.target) as Target,
      }
    );
  }
}
