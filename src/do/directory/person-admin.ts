/** What is changed about people from outside: roles, grants, limits, removal. Synchronous SQL, in the caller's transaction. */
import { findAdapter } from "../../adapters/registry.ts";
import type { PersonChange, PersonSummary } from "../../core/admin-protocol.ts";
import type { Person } from "../../core/directory-protocol.ts";
import { AppError } from "../../core/errors.ts";
import { type AccountKey, accountKey, type PersonId, parseAccountKey } from "../../core/ids.ts";
import { MAX_GRANTS } from "../../core/person-access.ts";
import type { Role } from "../../core/roles.ts";
import { verifyRoleChange } from "../../security/role-changes.ts";
import type { People } from "./people.ts";
import { PersonAccessRows } from "./person-access.ts";

/** People of one list. */
export const MAX_LISTED_PEOPLE = 1_000;

/** Everything of the directory that is one person's. */
const OWN_TABLES = [
  "identities",
  "api_keys",
  "link_codes",
  "facts",
  "person_facts",
  "person_grants",
  "person_limits",
  "owner_tokens",
];

/** The person as he was, and as he is. */
export interface PersonChanged {
  before: PersonSummary;
  after: PersonSummary;
}

export class PersonAdmin {
  readonly #sql: SqlStorage;
  readonly #people: People;
  readonly #access: PersonAccessRows;

  constructor(sql: SqlStorage, people: People) {
    this.#sql = sql;
    this.#people = people;
    this.#access = new PersonAccessRows(sql);
  }

  /** Throws person/unknown. */
  show(idOrName: string): PersonSummary {
    return this.#describe(this.#people.only(idOrName));
  }

  /** The newest last. */
  list(): PersonSummary[] {
    return this.#people.list(MAX_LISTED_PEOPLE).map((person) => this.#describe(person));
  }

  /** Throws person/*, permission/denied. */
  change(idOrName: string, change: PersonChange, actor: Role): PersonChanged {
    const person = this.#people.only(idOrName);
    const before = this.#describe(person);
    this.#verifyRank(person, actor);
    this.#apply(person, change, actor);
    return { before, after: this.#describe({ ...person, ...this.#people.find(person.id) }) };
  }

  /** Throws person/*, permission/denied. */
  remove(idOrName: string, actor: Role): PersonSummary {
    const person = this.#people.only(idOrName);
    const removed = this.#describe(person);
    const owners = this.#people.countOf("owner");
    verifyRoleChange({ actor, from: person.role, to: undefined, owners });
    this.#clear(person.id);
    return removed;
  }

  /** As {@link remove}, without a question; the identities that are gone. Twice changes nothing. */
  erase(id: PersonId): { account: string; sender: string }[] {
    const identities = this.#sql
      .exec<{ account: string; sender: string }>(
        "SELECT account, sender FROM identities WHERE person_id = ?",
        id,
      )
      .toArray();
    for (const { account, sender } of identities)
      this.#sql.exec("DELETE FROM pairings WHERE account = ? AND sender = ?", account, sender);
    this.#clear(id);
    return identities;
  }

  #clear(id: PersonId): void {
    this.#sql.exec(
      "DELETE FROM allowed WHERE (account, sender) IN (SELECT account, sender FROM identities WHERE person_id = ?)",
      id,
    );
    for (const table of OWN_TABLES) this.#sql.exec(`DELETE FROM ${table} WHERE person_id = ?`, id);
    this.#sql.exec("DELETE FROM people WHERE id = ?", id);
  }

  /** What an admin may not unmake, he may not limit either. */
  #verifyRank({ role }: Person, actor: Role): void {
    verifyRoleChange({ actor, from: role, to: role, owners: this.#people.countOf("owner") });
  }

  #apply(person: Person, change: PersonChange, actor: Role): void {
    switch (change.what) {
      case "role":
        verifyRoleChange({
          actor,
          from: person.role,
          to: change.role,
          owners: this.#people.countOf("owner"),
        });
        this.#people.setRole(person, change.role);
        break;
      case "grant":
        this.#grant(person.id, change);
        break;
      case "revoke":
        if (!this.#access.revoke(person.id, change.kind, change.value))
          throw new AppError("person/not_granted");
        break;
      case "limit":
        this.#access.setLimit(person.id, change.name, change.value);
    }
  }

  #grant(id: PersonId, { kind, value }: Extract<PersonChange, { what: "grant" }>): void {
    if (this.#access.granted(id, kind).length >= MAX_GRANTS)
      throw new AppError("person/too_many_grants", {
        detail: `A person has ${MAX_GRANTS} grants of one kind at most.`,
      });
    if (kind === "channel") this.#verifyChannel(value as AccountKey); // one without an account is a channel alone
    this.#access.grant(id, kind, value);
  }

  /** Throws person/unknown_channel: a grant that nothing answers to would only shut the person out. */
  #verifyChannel(value: AccountKey): void {
    const { channel } = parseAccountKey(value);
    const adapter = findAdapter(channel);
    if (adapter && value === channel) return;
    const isLocal = adapter?.capabilities.transports.includes("local") ?? false;
    if (isLocal && value === accountKey(channel, "main")) return;
    const isAccount =
      this.#sql.exec("SELECT 1 FROM accounts WHERE key = ?", value).toArray().length > 0;
    if (!isAccount)
      throw new AppError("person/unknown_channel", { detail: `This box has no ${value}.` });
  }

  #describe(person: Person): PersonSummary {
    const { id, role, name, lang } = person;
    const access = this.#access.of(id);
    const accounts = this.#sql
      .exec<{ account: string }>(
        "SELECT DISTINCT account FROM identities WHERE person_id = ? ORDER BY account",
        id,
      )
      .toArray();
    const [row] = this.#sql
      .exec<{ at: number }>("SELECT created_at_ms AS at FROM people WHERE id = ?", id)
      .toArray();
    return {
      id,
      role,
      name,
      lang,
      accounts: accounts.map(({ account }) => account),
      channels: [...(access?.channels ?? [])],
      models: [...(access?.models ?? [])],
      limits: access?.limits ?? {},
      createdAtMs: row?.at ?? 0,
    };
  }
}
