/** The people of the directory, their identities at each account, and the strangers who ask to be let in. */

import type { PendingPairing } from "../core/admin-protocol.ts";
import type { Admission, AdmitRequest, Person } from "../core/directory-protocol.ts";
import { type AccountKey, newId, type PersonId, parseAccountKey } from "../core/ids.ts";
import type { JournalEntry } from "../core/journal.ts";
import type { Target } from "../core/message.ts";
import type { Speaker } from "../core/session-protocol.ts";
import { decideLang } from "../phrases/phrase.ts";
import { randomCode } from "../security/codes.ts";
import { decideAdmission } from "../turn/admission.ts";

/** Strangers who may wait for an answer, for each account. */
export const MAX_PENDING = 3;
export const PAIRING_MS = 3_600_000;
/** A stranger who writes on is told his code again after this time. */
const NOTICE_EVERY_MS = 60_000;
export const MAX_PEOPLE = 10_000;
const MAX_NAME_UNITS = 80;

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

export interface Approved {
  account: AccountKey;
  senderName: string;
  lang: "en" | "zh";
  target: Target;
}

export class People {
  readonly #sql: SqlStorage;
  readonly #log: (entry: JournalEntry) => void;

  constructor(sql: SqlStorage, log: (entry: JournalEntry) => void) {
    this.#sql = sql;
    this.#log = log;
  }

  find(id: PersonId): Person | undefined {
    return this.#sql
      .exec<Person & Record<string, SqlStorageValue>>(
        "SELECT id, role, name, lang FROM people WHERE id = ?",
        id,
      )
      .toArray()[0];
  }

  owner(): Person | undefined {
    return this.#sql
      .exec<Person & Record<string, SqlStorageValue>>(
        "SELECT id, role, name, lang FROM people WHERE role = 'owner' LIMIT 1",
      )
      .toArray()[0];
  }

  count(): number {
    return this.#sql.exec<{ n: number }>("SELECT count(*) AS n FROM people").one().n;
  }

  add(person: Omit<Person, "id">, nowMs: number): Person {
    const added: Person = { id: newId<PersonId>(), ...person };
    this.#sql.exec(
      "INSERT INTO people (id, role, name, lang, created_at_ms) VALUES (?, ?, ?, ?, ?)",
      added.id,
      added.role,
      added.name,
      added.lang,
      nowMs,
    );
    this.#log({ kind: "person", ...added, createdAtMs: nowMs });
    return added;
  }

  /** The same person from now on, whoever the identity was before. */
  identify(
    account: AccountKey,
    sender: string,
    name: string,
    personId: PersonId,
    nowMs: number,
  ): void {
    this.#sql.exec(
      "INSERT INTO identities (account, sender, person_id) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET person_id = excluded.person_id",
      account,
      sender,
      personId,
    );
    const { channel, name: accountName } = parseAccountKey(account);
    this.#log({
      kind: "identity",
      id: `${account}:${sender}`,
      personId,
      channel,
      account: accountName,
      name,
      createdAtMs: nowMs,
    });
  }

  /** Two people turn out to be one, and go on as `into`; the owner stays the owner, whichever of them he was. */
  join(person: PersonId, into: PersonId, nowMs: number): void {
    const isOwner = this.find(person)?.role === "owner";
    this.#merge(isOwner ? into : person, isOwner ? person : into, nowMs);
  }

  /** Every identity of one person becomes another's: two channels of the same human being. */
  #merge(from: PersonId, into: PersonId, nowMs: number): void {
    if (from === into) return;
    const rows = this.#sql
      .exec<{ account: string; sender: string }>(
        "SELECT account, sender FROM identities WHERE person_id = ?",
        from,
      )
      .toArray();
    const name = this.find(into)?.name ?? "";
    for (const row of rows) this.identify(row.account as AccountKey, row.sender, name, into, nowMs); // stored as a key
  }

  #speaker(account: AccountKey, sender: string): Speaker | undefined {
    const [row] = this.#sql
      .exec<Person & Record<string, SqlStorageValue>>(
        "SELECT p.id, p.role, p.name, p.lang FROM identities i JOIN people p ON p.id = i.person_id WHERE i.account = ? AND i.sender = ?",
        account,
        sender,
      )
      .toArray();
    return row && { personId: row.id, role: row.role, name: row.name, lang: row.lang };
  }

  admit(request: AdmitRequest, access: "pairing" | "allowlist" | "open", nowMs: number): Admission {
    const { account, sender } = request;
    const known = this.#speaker(account, sender.id);
    const decision = decideAdmission({
      access,
      conversationKind: request.conversation.kind,
      mentionsMe: request.mentionsMe,
      isBot: sender.isBot ?? false,
      isKnown: known !== undefined,
      isAllowed:
        this.#sql
          .exec("SELECT 1 FROM allowed WHERE account = ? AND sender = ?", account, sender.id)
          .toArray().length > 0,
    });
    if (decision === "deny") return { status: "denied" };
    if (decision === "admit" && known) return { status: "admitted", speaker: known };
    if (decision === "pair") return this.#pair(request, nowMs);
    return this.#enrol(
      account,
      sender.id,
      nameOf(sender.name, sender.id),
      decideLang(sender.lang),
      nowMs,
    );
  }

  #enrol(
    account: AccountKey,
    sender: string,
    name: string,
    lang: "en" | "zh",
    nowMs: number,
  ): Admission {
    if (this.count() >= MAX_PEOPLE) return { status: "denied" };
    const { id, ...person } = this.add({ role: "member", name, lang }, nowMs);
    this.identify(account, sender, name, id, nowMs);
    return { status: "admitted", speaker: { personId: id, ...person } };
  }

  #pair(request: AdmitRequest, nowMs: number): Admission {
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
        "SELECT * FROM pairings WHERE expires_at_ms > ? ORDER BY expires_at_ms",
        nowMs,
      )
      .toArray()
      .map((row) => {
        const { channel, name: account } = parseAccountKey(row.account as AccountKey); // stored as a key
        return {
          code: row.code,
          channel,
          account,
          senderName: row.sender_name,
          expiresAtMs: row.expires_at_ms,
        };
      });
  }

  /** Undefined for a code that is unknown or too old. Inside the caller's transaction. */
  decide(code: string, approve: boolean, nowMs: number): Approved | undefined {
    const [row] = this.#sql
      .exec<StoredPairing>(
        "SELECT * FROM pairings WHERE code = ? AND expires_at_ms > ?",
        code,
        nowMs,
      )
      .toArray();
    if (!row) return undefined;
    const account = row.account as AccountKey; // stored from an AdmitRequest, as are the two below
    const lang = row.lang as "en" | "zh";
    this.#sql.exec("DELETE FROM pairings WHERE code = ?", code);
    if (approve) this.#enrol(account, row.sender, row.sender_name, lang, nowMs);
    return { account, senderName: row.sender_name, lang, target: JSON.parse(row.target) as Target };
  }
}

function nameOf(name: string | undefined, id: string): string {
  return (name?.trim() || id).slice(0, MAX_NAME_UNITS).toWellFormed();
}
