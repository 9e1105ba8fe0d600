/** The people of the directory, and their identities at each account. Synchronous SQL. */
import type { Access } from "../../adapters/adapter.ts";
import type { Admission, AdmitRequest, Person } from "../../core/directory-protocol.ts";
import { AppError } from "../../core/errors.ts";
import { type AccountKey, newId, type PersonId, parseAccountKey } from "../../core/ids.ts";
import type { JournalEntry } from "../../core/journal.ts";
import { mayUseChannel } from "../../core/person-access.ts";
import { ROLES, type Role } from "../../core/roles.ts";
import type { Speaker } from "../../core/session-protocol.ts";
import { decideLang, type Lang } from "../../phrases/phrase.ts";
import { decideAdmission } from "../../turn/admission.ts";
import { mergeMemories } from "./memories.ts";
import { PersonAccessRows } from "./person-access.ts";

export const MAX_PEOPLE = 10_000;
const MAX_NAME_UNITS = 80;
/** People of one name that are told apart by their ids. */
const MAX_NAMESAKES = 5;

/** A stranger may ask for a pairing code. */
export type Known = Exclude<Admission, { status: "pairing" }> | { status: "stranger" };

type StoredPerson = Person & Record<string, SqlStorageValue>;

interface Newcomer {
  account: AccountKey;
  sender: string;
  name: string;
  lang: Lang;
}

/** Whose things are whose from now on. */
export interface Joined {
  from: PersonId;
  into: PersonId;
}

/** Everyone who may sign in as the owner is one person; the name can be changed later. */
const OWNER = { role: "owner", name: "Owner", lang: "en" } as const;

export class People {
  readonly #sql: SqlStorage;
  readonly #access: PersonAccessRows;
  readonly #log: (entry: JournalEntry) => void;

  constructor(sql: SqlStorage, log: (entry: JournalEntry) => void) {
    this.#sql = sql;
    this.#access = new PersonAccessRows(sql);
    this.#log = log;
  }

  /** Also by an id from before the person turned out to be this one. */
  find(id: PersonId): Person | undefined {
    return this.#people(
      "WHERE id = coalesce((SELECT into_id FROM joined_people WHERE from_id = ?1), ?1)",
      id,
    )[0];
  }

  /** The first of them, where there are several. */
  ensureOwner(nowMs: number): Person {
    return this.owner() ?? this.add(OWNER, nowMs);
  }

  owner(): Person | undefined {
    return this.#people("WHERE role = 'owner' ORDER BY id LIMIT 1")[0];
  }

  /** The oldest first. */
  list(limit: number): Person[] {
    return this.#people("ORDER BY id LIMIT ?", limit);
  }

  countOf(role: Role): number {
    return this.#sql
      .exec<{ n: number }>("SELECT count(*) AS n FROM people WHERE role = ?", role)
      .one().n;
  }

  setRole({ id, name, lang }: Person, role: Role): void {
    this.#endSignInLinks(id);
    const [row] = this.#sql
      .exec<{ at: number }>(
        "UPDATE people SET role = ? WHERE id = ? RETURNING created_at_ms AS at",
        role,
        id,
      )
      .toArray();
    if (row) this.#log({ kind: "person", id, role, name, lang, createdAtMs: row.at });
  }

  /** Who made one for a member must not come in by it as what the member has become. */
  #endSignInLinks(id: PersonId): void {
    this.#sql.exec("DELETE FROM owner_tokens WHERE person_id = ?", id);
  }

  #people(where: string, ...values: SqlStorageValue[]): Person[] {
    return this.#sql
      .exec<StoredPerson>(`SELECT id, role, name, lang FROM people ${where}`, ...values)
      .toArray()
      .map((row) => this.#withAccess(row));
  }

  #withAccess(row: StoredPerson): Person {
    const access = this.#access.of(row.id);
    return access ? { ...row, access } : row;
  }

  /** Who has this id, or alone has this name. Throws person/unknown. */
  only(idOrName: string): Person {
    const byId = this.find(idOrName as PersonId); // an id that nobody has finds nobody
    if (byId) return byId;
    const people = this.#people("WHERE name = ? ORDER BY id LIMIT ?", idOrName, MAX_NAMESAKES);
    const [person] = people;
    if (person && people.length === 1) return person;
    const ids = people.map(({ id }) => id).join(", ");
    throw new AppError("person/unknown", {
      detail: person
        ? `Several people are called so. Their ids: ${ids}.`
        : "Nobody has this name or id.",
    });
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

  /**
   * Two people turn out to be one, and go on as `other`, or as `one` where that one's role is the stronger. Answers who
   * is whom from now on, also where that was so before.
   */
  join(one: PersonId, other: PersonId, nowMs: number): Joined {
    // Either id may be one from before.
    const person = this.find(one)?.id ?? one;
    const into = this.find(other)?.id ?? other;
    if (person === into) return { from: one === into ? other : one, into };
    const rankOf = (id: PersonId) => ROLES.indexOf(this.find(id)?.role ?? "guest");
    const isStronger = rankOf(person) < rankOf(into);
    const joined = isStronger ? { from: into, into: person } : { from: person, into };
    this.#merge(joined.from, joined.into, nowMs);
    return joined;
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
    mergeMemories(this.#sql, from, into);
    this.#sql.exec("UPDATE api_keys SET person_id = ? WHERE person_id = ?", into, from);
    this.#sql.exec("UPDATE link_codes SET person_id = ? WHERE person_id = ?", into, from);
    // Nobody gets rid of what the owner has set for him; a stronger role has what was set for it, and nothing else.
    if (this.find(from)?.role === this.find(into)?.role) this.#access.join(from, into);
    this.#access.forget(from);
    this.#endSignInLinks(from);
    this.#sql.exec("UPDATE joined_people SET into_id = ? WHERE into_id = ?", into, from);
    this.#sql.exec(
      "INSERT OR REPLACE INTO joined_people (from_id, into_id) VALUES (?, ?)",
      from,
      into,
    );
    this.#sql.exec("DELETE FROM people WHERE id = ?", from);
  }

  #speaker(account: AccountKey, sender: string): Speaker | undefined {
    const [person] = this.#people(
      "WHERE id = (SELECT person_id FROM identities WHERE account = ? AND sender = ?)",
      account,
      sender,
    );
    return person && speakerOf(person);
  }

  /** Inside the caller's transaction. */
  admit(request: AdmitRequest, access: Access, nowMs: number): Known {
    const { account, sender } = request;
    const known = this.#speaker(account, sender.id);
    const isAllowed =
      this.#sql
        .exec("SELECT 1 FROM allowed WHERE account = ? AND sender = ?", account, sender.id)
        .toArray().length > 0;
    const decision = decideAdmission({
      access,
      conversationKind: request.conversation.kind,
      mentionsMe: request.mentionsMe,
      isBot: sender.isBot ?? false,
      isKnown: known !== undefined,
      isAllowed,
    });
    if (decision === "deny") return { status: "denied" };
    if (decision === "admit" && known)
      return {
        status: mayUseChannel(known.access, account) ? "admitted" : "refused",
        speaker: known,
      };
    if (decision === "pair") return { status: "stranger" };
    const name = nameOf(sender.name, sender.id);
    const lang = decideLang(sender.lang);
    // Whom nobody let in by name, and who came in because the door stands open, is a guest.
    return this.enrol(
      { account, sender: sender.id, name, lang },
      isAllowed ? "member" : "guest",
      nowMs,
    );
  }

  /** A new person, admitted from now on. Inside the caller's transaction. */
  enrol({ account, sender, name, lang }: Newcomer, role: Role, nowMs: number): Known {
    if (this.count() >= MAX_PEOPLE) return { status: "denied" };
    const person = this.add({ role, name, lang }, nowMs);
    this.identify(account, sender, name, person.id, nowMs);
    return { status: "admitted", speaker: speakerOf(person) };
  }
}

/** A person as who speaks. */
export function speakerOf({ id: personId, ...person }: Person): Speaker {
  return { personId, ...person };
}

/** How somebody is called here: his name at the platform, else his id. */
export function nameOf(name: string | undefined, id: string): string {
  return (name?.trim() || id).slice(0, MAX_NAME_UNITS).toWellFormed();
}
