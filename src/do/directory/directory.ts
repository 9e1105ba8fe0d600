/**
 * DirectoryObject: one for the box. It knows the accounts, the people and their identities, who asks to be let in, and
 * the one-time links. One writer, so that a code works once and a person is one person on every channel. Wiring only:
 * each noun has a file of its own, directory-*.ts, people.ts, person-admin.ts, memories.ts.
 */
import { DurableObject } from "cloudflare:workers";
import type { Account } from "../../adapters/adapter.ts";
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
} from "../../core/admin-protocol.ts";
import type { ApiCaller } from "../../core/api-keys.ts";
import { type AuditActor, NO_ACTOR } from "../../core/audit.ts";
import type {
  Admission,
  AdmitRequest,
  DirectoryCounts,
  LinkRedeemed,
  Person,
  RedeemLink,
} from "../../core/directory-protocol.ts";
import { AppError } from "../../core/errors.ts";
import type { EndedHandover, HandoverSummary, NewHandover } from "../../core/handover.ts";
import type { AccountKey, PersonId, SessionKey } from "../../core/ids.ts";
import type { JournalEntry, UsageEntry } from "../../core/journal.ts";
import type { Fact, Remembered } from "../../core/memory.ts";
import type { Role } from "../../core/roles.ts";
import type { Env } from "../../env.ts";
import type { Definition } from "../../flows/definition-schema.ts";
import type { ParsedApiKey } from "../../security/api-key.ts";
import { openAudit } from "../audit/audit-client.ts";
import { AuditQueue } from "../audit/audit-queue.ts";
import { openKeyring } from "../isolate.ts";
import { JournalRows } from "../journal/journal-rows.ts";
import { resealBox } from "../vault/sealed-columns.ts";
import { DirectoryAccounts } from "./directory-accounts.ts";
import { DirectoryAdmission } from "./directory-admission.ts";
import { DirectoryApiKeys } from "./directory-api-keys.ts";
import { DirectoryFlows } from "./directory-flows.ts";
import { DirectoryLinks } from "./directory-links.ts";
import type { DirectoryParts } from "./directory-parts.ts";
import { DirectoryPeople } from "./directory-people.ts";
import { openDirectorySchema } from "./directory-schema.ts";
import type { KnownFlow } from "./flows.ts";
import {
  DirectoryHandovers,
  type HandoverFound,
  type HandoverOpened,
  type ListedHandover,
} from "./handovers.ts";
import { Memories } from "./memories.ts";
import type { Pairing } from "./pairings.ts";
import { People } from "./people.ts";
import { PersonAdmin, type PersonChanged } from "./person-admin.ts";

/** How long log rows wait for the next alarm: together with the journal's gathering, well below five seconds. */
const FLUSH_MS = 1_000;
const RETRY_FLUSH_MS = 10_000;

export class DirectoryObject extends DurableObject<Env> {
  readonly #audit: AuditQueue;
  readonly #journal: JournalRows;
  readonly #people: People;
  readonly #personAdmin: PersonAdmin;
  readonly #directoryPeople: DirectoryPeople;
  readonly #accounts: DirectoryAccounts;
  readonly #admission: DirectoryAdmission;
  readonly #links: DirectoryLinks;
  readonly #flows: DirectoryFlows;
  readonly #apiKeys: DirectoryApiKeys;
  readonly #handovers: DirectoryHandovers;
  #memories: Memories | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    openDirectorySchema(ctx.storage);
    const { storage } = ctx;
    this.#audit = new AuditQueue(storage.sql, {
      arm: () => this.#arm(),
      append: (events) => openAudit(env).append(events),
    });
    this.#journal = new JournalRows(storage.sql);
    const log = (entry: JournalEntry) => this.#log(entry);
    this.#people = new People(storage.sql, log);
    this.#personAdmin = new PersonAdmin(storage.sql, this.#people);
    const parts: DirectoryParts = {
      storage,
      people: this.#people,
      audit: this.#audit,
      log,
      openKeyring: () => openKeyring(env),
    };
    this.#directoryPeople = new DirectoryPeople(parts, this.#personAdmin);
    this.#accounts = new DirectoryAccounts(parts);
    this.#admission = new DirectoryAdmission(parts);
    this.#links = new DirectoryLinks(parts);
    this.#flows = new DirectoryFlows(parts);
    this.#apiKeys = new DirectoryApiKeys(parts);
    this.#handovers = new DirectoryHandovers(parts);
  }

  /** Inside the caller's synchronous block: the row and the alarm are one commit with what it describes. */
  #log(entry: JournalEntry): void {
    this.#journal.add(entry);
    this.#arm();
  }

  #arm(): void {
    void this.ctx.storage.setAlarm(Date.now() + FLUSH_MS);
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

  async account(key: AccountKey): Promise<Account | undefined> {
    return (await this.#accounts.open()).open(key);
  }

  async accounts(): Promise<AccountSummary[]> {
    return (await this.#accounts.open()).list();
  }

  /** Throws account/exists, account/bad_settings. */
  addAccount(account: Account, allow: readonly string[], by: AuditActor = NO_ACTOR): Promise<void> {
    return this.#accounts.add(account, allow, by);
  }

  /** Throws account/unknown. */
  removeAccount(key: AccountKey, by: AuditActor = NO_ACTOR): Promise<void> {
    return this.#accounts.remove(key, by);
  }

  async admit(request: AdmitRequest): Promise<Admission> {
    const account = await this.account(request.account);
    return account ? this.#admission.admit(request, account.access) : { status: "denied" };
  }

  pairingNoticed(code: string): void {
    this.#admission.noticed(code);
  }

  pairings(): PendingPairing[] {
    return this.#admission.pending();
  }

  /** Throws pairing/unknown_code. */
  decidePairing(code: string, approve: boolean, by: AuditActor = NO_ACTOR): Promise<Pairing> {
    return this.#admission.decide(code, approve, by);
  }

  /** A link that signs this person in; the owner, who may not be known yet, where none is named. */
  createOwnerLink(by: AuditActor = NO_ACTOR, subjectId?: PersonId): Promise<OwnerLink> {
    return this.#links.createOwnerLink(by, subjectId);
  }

  /** Throws owner/bad_token, sign_in/other_person. */
  redeemOwnerToken(token: string, ip: string | null = null, signedIn?: PersonId): Promise<Person> {
    return this.#links.redeemOwnerToken(token, ip, signedIn);
  }

  createLinkCode(session: SessionKey, personId: PersonId): string {
    return this.#links.createCode(session, personId);
  }

  redeemLink(request: RedeemLink): Promise<LinkRedeemed> {
    return this.#links.redeemCode(request);
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
  changePerson(
    idOrName: string,
    change: PersonChange,
    role: Role,
    by: AuditActor = NO_ACTOR,
  ): Promise<PersonChanged> {
    return this.#directoryPeople.change(idOrName, change, { role, by });
  }

  /** Throws person/*, permission/denied. */
  removePerson(idOrName: string, role: Role, by: AuditActor = NO_ACTOR): Promise<PersonSummary> {
    return this.#directoryPeople.remove(idOrName, { role, by });
  }

  /** Lets go of a person who has or had these ids; how many identities that were. Throws person/is_owner. */
  erasePerson(ids: readonly PersonId[]): number {
    return this.ctx.storage.transactionSync(() => {
      if (ids.some((id) => this.#people.find(id)?.role === "owner"))
        throw new AppError("person/is_owner");
      this.#journal.dropNaming(ids);
      this.#handovers.erase(ids);
      return ids.flatMap((id) => this.#personAdmin.erase(id)).length;
    });
  }

  /** Whether no row under an old key is left. */
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
    return (await this.#flows.open()).list();
  }

  async flow(name: string): Promise<FlowShown | undefined> {
    return (await this.#flows.open()).show(name);
  }

  async findFlow(name: string): Promise<KnownFlow | undefined> {
    return (await this.#flows.open()).find(name);
  }

  /** Throws flow/refused. */
  putFlow(definition: Definition, by: AuditActor = NO_ACTOR): Promise<FlowAdded> {
    return this.#flows.put(definition, by);
  }

  /** Throws flow/unknown. */
  removeFlow(name: string, by: AuditActor = NO_ACTOR): Promise<void> {
    return this.#flows.remove(name, by);
  }

  openHandover(handover: NewHandover): Promise<HandoverOpened> {
    return this.#handovers.open(handover);
  }

  handovers(): HandoverSummary[] {
    return this.#handovers.list();
  }

  handoversOf(people: readonly PersonId[]): ListedHandover[] {
    return this.#handovers.of(people);
  }

  /** Undefined for a number that there is not. */
  takeHandover(number: number, by: AuditActor): Promise<HandoverFound | undefined> {
    return this.#handovers.take(number, by);
  }

  closeHandover(ended: EndedHandover): Promise<void> {
    return this.#handovers.close(ended);
  }

  /** Throws apikey/*, and person/unknown where the key is to be somebody's whom nobody knows. */
  createApiKey(request: CreateApiKey, by: AuditActor = NO_ACTOR): Promise<ApiKeyCreated> {
    return this.#apiKeys.create(request, by);
  }

  apiKeys(of?: PersonId): ApiKeySummary[] {
    return this.#apiKeys.list(of);
  }

  /** Throws apikey/unknown. */
  revokeApiKey(name: string, by: AuditActor = NO_ACTOR): Promise<void> {
    return this.#apiKeys.revoke(name, by);
  }

  /** Undefined for a key that is unknown, expired, or nobody's any more. */
  useApiKey(key: ParsedApiKey): ApiCaller | undefined {
    return this.#apiKeys.use(key);
  }

  /** The tokens of a call that no conversation keeps. */
  noteUsage(entry: UsageEntry): void {
    this.#log(entry);
  }

  counts(): DirectoryCounts {
    return {
      people: this.#people.count(),
      pendingPairings: this.#admission.pending().length,
      ownerKnown: this.#people.owner() !== undefined,
      journalBacklog: this.#journal.backlog,
    };
  }
}
