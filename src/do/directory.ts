/**
 * DirectoryObject: one for the box. It knows the accounts, the people and their identities, who asks to be let in, and
 * the one-time links. One writer, so that a code works once and a person is one person on every channel.
 */
import { DurableObject } from "cloudflare:workers";
import type { Account } from "../adapters/adapter.ts";
import type {
  AccountSummary,
  ApiKeyCreated,
  ApiKeySummary,
  CreateApiKey,
  FlowAdded,
  FlowShown,
  FlowSummary,
  OwnerLink,
  PendingPairing,
  PersonChange,
  PersonSummary,
} from "../core/admin-protocol.ts";
import type { ApiCaller } from "../core/api-keys.ts";
import { type AuditActor, auditEvent, NO_ACTOR } from "../core/audit.ts";
import type {
  Admission,
  AdmitRequest,
  DirectoryCounts,
  LinkRedeemed,
  Person,
  RedeemLink,
} from "../core/directory-protocol.ts";
import { AppError } from "../core/errors.ts";
import type { AccountKey, PersonId, SessionKey } from "../core/ids.ts";
import type { JournalEntry, UsageEntry } from "../core/journal.ts";
import type { Fact, Remembered } from "../core/memory.ts";
import type { Role } from "../core/roles.ts";
import type { Env } from "../env.ts";
import type { Definition } from "../flows/definition-schema.ts";
import { createApiKey, type ParsedApiKey, parseApiKey } from "../security/api-key.ts";
import { hashToken, randomToken } from "../security/codes.ts";
import { Accounts } from "./accounts.ts";
import { ApiKeys } from "./api-keys.ts";
import { openAudit } from "./audit-client.ts";
import { AuditQueue } from "./audit-queue.ts";
import { openDirectorySchema } from "./directory-schema.ts";
import { Flows, type KnownFlow } from "./flows.ts";
import { openKeyring } from "./isolate.ts";
import { JournalRows } from "./journal-rows.ts";
import { Memories } from "./memories.ts";
import { OneTime } from "./one-time.ts";
import { type Pairing, Pairings } from "./pairings.ts";
import { People, speakerOf } from "./people.ts";
import { PersonAdmin, type PersonChanged } from "./person-admin.ts";
import { resealBox } from "./sealed-columns.ts";

/** How long log rows wait for the next alarm: together with the journal's gathering, well below five seconds. */
const FLUSH_MS = 1_000;
const RETRY_FLUSH_MS = 10_000;

export class DirectoryObject extends DurableObject<Env> {
  readonly #audit: AuditQueue;
  readonly #journal: JournalRows;
  readonly #people: People;
  readonly #personAdmin: PersonAdmin;
  readonly #pairings: Pairings;
  readonly #oneTime: OneTime;
  readonly #apiKeys: ApiKeys;
  #accounts: Accounts | undefined;
  #flows: Flows | undefined;
  #memories: Memories | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    openDirectorySchema(ctx.storage);
    const { sql } = ctx.storage;
    this.#audit = new AuditQueue(sql, {
      arm: () => this.#arm(),
      append: (events) => openAudit(env).append(events),
    });
    this.#journal = new JournalRows(sql);
    this.#people = new People(sql, (entry) => this.#log(entry));
    this.#personAdmin = new PersonAdmin(sql, this.#people);
    this.#pairings = new Pairings(sql);
    this.#oneTime = new OneTime(sql);
    this.#apiKeys = new ApiKeys(sql);
  }

  /** Inside the caller's synchronous block: the row and the alarm are one commit with what it describes. */
  #log(entry: JournalEntry): void {
    this.#journal.add(entry);
    this.#arm();
  }

  #arm(): void {
    void this.ctx.storage.setAlarm(Date.now() + FLUSH_MS);
  }

  async #openAccounts(): Promise<Accounts> {
    this.#accounts ??= new Accounts(this.ctx.storage.sql, await openKeyring(this.env));
    return this.#accounts;
  }

  async #openMemories(): Promise<Memories> {
    this.#memories ??= new Memories(this.ctx.storage.sql, await openKeyring(this.env));
    return this.#memories;
  }

  override async alarm(): Promise<void> {
    const journal = this.env.JOURNAL.getByName("journal");
    try {
      await this.#audit.flush();
      while (!this.#journal.isEmpty)
        await this.#journal.flush((entries) => journal.append(entries));
      this.#journal.prune();
    } catch {
      // The journal object has logged the cause; the rows are still here.
      await this.ctx.storage.setAlarm(Date.now() + RETRY_FLUSH_MS);
    }
  }

  async #openFlows(): Promise<Flows> {
    if (this.#flows) return this.#flows;
    const flows = await Flows.open(this.ctx.storage.sql, await openKeyring(this.env));
    this.#flows ??= flows;
    return this.#flows;
  }

  async account(key: AccountKey): Promise<Account | undefined> {
    return (await this.#openAccounts()).open(key);
  }

  async accounts(): Promise<AccountSummary[]> {
    return (await this.#openAccounts()).list();
  }

  /** Throws account/exists, account/bad_settings. */
  async addAccount(
    account: Account,
    allow: readonly string[],
    by: AuditActor = NO_ACTOR,
  ): Promise<void> {
    const accounts = await this.#openAccounts();
    const sealed = await accounts.seal(account);
    accounts.verifyRoom(account.key);
    const nowMs = Date.now();
    accounts.insert(account, sealed, nowMs);
    accounts.allow(account.key, allow);
    this.#logAccount(account, nowMs, null);
    const { key, access, transport } = account;
    this.#audit.add(auditEvent("account.added", by, { account: key, access, transport }));
    await this.#audit.flush();
  }

  #logAccount(account: Account, createdAtMs: number, removedAtMs: number | null): void {
    const { key: id, channel, name, access, transport } = account;
    this.#log({ kind: "account", id, channel, name, access, transport, createdAtMs, removedAtMs });
  }

  /** Throws account/unknown. */
  async removeAccount(key: AccountKey, by: AuditActor = NO_ACTOR): Promise<void> {
    const accounts = await this.#openAccounts();
    const account = await accounts.open(key);
    if (!account) throw new AppError("account/unknown");
    accounts.remove(key);
    this.#logAccount(account, Date.now(), Date.now());
    this.#audit.add(auditEvent("account.removed", by, { account: key }));
    await this.#audit.flush();
  }

  async admit(request: AdmitRequest): Promise<Admission> {
    const account = await this.account(request.account);
    if (!account) return { status: "denied" };
    return this.ctx.storage.transactionSync(() => {
      const known = this.#people.admit(request, account.access, Date.now());
      return known.status === "stranger" ? this.#pairings.ask(request, Date.now()) : known;
    });
  }

  pairingNoticed(code: string): void {
    this.#pairings.noticed(code, Date.now());
  }

  pairings(): PendingPairing[] {
    return this.#pairings.pending(Date.now());
  }

  /** Throws pairing/unknown_code. */
  async decidePairing(code: string, approve: boolean, by: AuditActor = NO_ACTOR): Promise<Pairing> {
    const decided = this.ctx.storage.transactionSync(() => {
      const pairing = this.#pairings.take(code, Date.now());
      if (!pairing) throw new AppError("pairing/unknown_code");
      const { account, sender, senderName, lang } = pairing;
      const newcomer = { account, sender, name: senderName, lang };
      const known = approve && this.#people.enrol(newcomer, "member", Date.now());
      const subjectId = known && known.status === "admitted" ? known.speaker.personId : undefined;
      const more = { personal: { sender, senderName }, ...(subjectId ? { subjectId } : {}) };
      this.#audit.add(
        auditEvent(approve ? "pairing.approved" : "pairing.denied", by, { account }, more),
      );
      return pairing;
    });
    await this.#audit.flush();
    return decided;
  }

  /** A link that signs this person in; the owner, who may not be known yet, where none is named. */
  async createOwnerLink(by: AuditActor = NO_ACTOR, subjectId?: PersonId): Promise<OwnerLink> {
    const token = randomToken();
    const hash = await hashToken(token);
    const expiresAtMs = this.#oneTime.addOwnerToken(hash, subjectId ?? null, Date.now());
    const about = subjectId === undefined ? {} : { subjectId };
    this.#audit.add(auditEvent("ownerlink.made", by, { expiresAtMs }, about));
    await this.#audit.flush();
    return { token, expiresAtMs };
  }

  /** Whom the link signs in. Throws owner/bad_token. The first one of the owner makes the owner. */
  async redeemOwnerToken(token: string, ip: string | null = null): Promise<Person> {
    const hash = await hashToken(token);
    const redeemed = this.ctx.storage.transactionSync(() => {
      const personId = this.#oneTime.takeOwnerToken(hash, Date.now());
      const person = personId === null ? this.ensureOwner() : personId && this.person(personId);
      if (!person) throw new AppError("owner/bad_token");
      this.#audit.add(auditEvent("ownerlink.used", { userId: person.id, ip }));
      return person;
    });
    await this.#audit.flush();
    return redeemed;
  }

  /** Undefined where there is none, or several. */
  onlyOwner(): PersonId | undefined {
    return this.#people.countOf("owner") === 1 ? this.#people.owner()?.id : undefined;
  }

  /** The owner, made when there is none yet: for the admin socket, and for what he is to be told. */
  ensureOwner(): Person {
    return this.#people.ensureOwner(Date.now());
  }

  person(id: PersonId): Person | undefined {
    return this.#people.find(id);
  }

  people(): PersonSummary[] {
    return this.#personAdmin.list();
  }

  /** Throws person/unknown. */
  showPerson(idOrName: string): PersonSummary {
    return this.#personAdmin.show(idOrName);
  }

  /** Throws person/*, permission/denied. */
  changePerson(idOrName: string, change: PersonChange, actor: Role): PersonChanged {
    return this.ctx.storage.transactionSync(() =>
      this.#personAdmin.change(idOrName, change, actor),
    );
  }

  /** Throws person/*, permission/denied. */
  removePerson(idOrName: string, actor: Role): PersonSummary {
    return this.ctx.storage.transactionSync(() => this.#personAdmin.remove(idOrName, actor));
  }

  /** Lets go of a person who has or had these ids; how many identities that were. Throws person/is_owner. */
  erasePerson(ids: readonly PersonId[]): number {
    return this.ctx.storage.transactionSync(() => {
      if (ids.some((id) => this.#people.find(id)?.role === "owner"))
        throw new AppError("person/is_owner");
      this.#journal.dropNaming(ids);
      return ids.flatMap((id) => this.#personAdmin.erase(id)).length;
    });
  }

  createLinkCode(session: SessionKey, personId: PersonId): string {
    return this.#oneTime.addLinkCode(session, personId, Date.now());
  }

  /** Joins the person who typed the code to the one who made it. Running it twice changes nothing. */
  async redeemLink(request: RedeemLink): Promise<LinkRedeemed> {
    const redeemed = this.ctx.storage.transactionSync((): LinkRedeemed => {
      const taken = this.#oneTime.takeLinkCode(request.code, request.session, Date.now());
      if (taken.status !== "linked") return { status: taken.status };
      const { to, channel, personId: subjectId } = taken;
      const { personId: userId } = request.speaker;
      const joined = this.#people.join(userId, subjectId, Date.now());
      if (userId !== subjectId)
        this.#audit.add(auditEvent("link.used", { userId, ip: null }, { channel }, { subjectId }));
      return { status: "linked", to, channel, joined };
    });
    await this.#audit.flush();
    return redeemed;
  }

  async reseal(): Promise<boolean> {
    return resealBox(this.ctx.storage.sql, await openKeyring(this.env), "directory");
  }

  async remember(personId: PersonId, key: string, text: string): Promise<Remembered> {
    return (await this.#openMemories()).remember(personId, key, text, Date.now());
  }

  async facts(personId: PersonId): Promise<Fact[]> {
    return (await this.#openMemories()).list(personId);
  }

  /** Whether there is, or was, a fact of this number. */
  async forgetFact(personId: PersonId, number: number): Promise<boolean> {
    return (await this.#openMemories()).forget(personId, number);
  }

  async forgetFacts(personId: PersonId): Promise<void> {
    (await this.#openMemories()).forgetAll(personId);
  }

  async zone(personId: PersonId): Promise<string | undefined> {
    return (await this.#openMemories()).zone(personId);
  }

  async setZone(personId: PersonId, zone: string): Promise<void> {
    (await this.#openMemories()).setZone(personId, zone);
  }

  async flows(): Promise<FlowSummary[]> {
    return (await this.#openFlows()).list();
  }

  async flow(name: string): Promise<FlowShown | undefined> {
    return (await this.#openFlows()).show(name);
  }

  async findFlow(name: string): Promise<KnownFlow | undefined> {
    return (await this.#openFlows()).find(name);
  }

  /** Throws flow/refused. */
  async putFlow(definition: Definition, by: AuditActor = NO_ACTOR): Promise<FlowAdded> {
    const added = await (await this.#openFlows()).put(definition, Date.now());
    const { name, version } = added.flow;
    if (added.change !== "unchanged")
      this.#audit.add(auditEvent(`flow.${added.change}`, by, { flow: name, version }));
    await this.#audit.flush();
    return added;
  }

  /** Throws flow/unknown. */
  async removeFlow(name: string, by: AuditActor = NO_ACTOR): Promise<void> {
    (await this.#openFlows()).remove(name);
    this.#audit.add(auditEvent("flow.removed", by, { flow: name }));
    await this.#audit.flush();
  }

  /** Throws apikey/*, and person/unknown where the key is to be somebody's whom nobody knows. */
  async createApiKey(request: CreateApiKey, by: AuditActor = NO_ACTOR): Promise<ApiKeyCreated> {
    const key = createApiKey();
    const parsed = await parseApiKey(key);
    if (!parsed) throw new TypeError("A key was made that is none.");
    const apiKey = this.ctx.storage.transactionSync(() => {
      const { person: called, name, scopes } = request;
      const person = called === undefined ? this.ensureOwner() : this.#people.only(called);
      const added = this.#apiKeys.add(parsed, request, person, Date.now());
      const more = { subjectId: person.id };
      this.#audit.add(auditEvent("apikey.created", by, { name, scopes: scopes.join(" ") }, more));
      return added;
    });
    await this.#audit.flush();
    return { key, apiKey };
  }

  apiKeys(of?: PersonId): ApiKeySummary[] {
    return this.#apiKeys.list(of);
  }

  /** Throws apikey/unknown. */
  async revokeApiKey(name: string, by: AuditActor = NO_ACTOR): Promise<void> {
    if (!this.#apiKeys.remove(name)) throw new AppError("apikey/unknown");
    this.#audit.add(auditEvent("apikey.revoked", by, { name }));
    await this.#audit.flush();
  }

  /** Whose call it is; undefined for a key that is unknown, expired, or nobody's any more. */
  useApiKey(key: ParsedApiKey): ApiCaller | undefined {
    const caller = this.#apiKeys.use(key, Date.now());
    const person = caller && this.#people.find(caller.speaker.personId);
    return person && { ...caller, speaker: speakerOf(person) };
  }

  /** The tokens of a call that no conversation keeps. */
  noteUsage(entry: UsageEntry): void {
    this.#log(entry);
  }

  counts(): DirectoryCounts {
    return {
      people: this.#people.count(),
      pendingPairings: this.#pairings.pending(Date.now()).length,
      ownerKnown: this.#people.owner() !== undefined,
      journalBacklog: this.#journal.backlog,
    };
  }
}
