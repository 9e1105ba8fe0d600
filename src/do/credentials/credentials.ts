/**
 * CredentialsObject: one for the box. It knows which devices are signed in and by what people sign in, makes the tokens
 * that prove it, and the links to copies of people's own data. One writer, so that a token is used once, and what has
 * ended stays so.
 */
import { DurableObject } from "cloudflare:workers";
import type { Person } from "../../core/directory-protocol.ts";
import type { PersonId } from "../../core/ids.ts";
import type {
  BeginSession,
  Credentials,
  DeviceSession,
  DeviceSummary,
  EndedSession,
  IssuedSession,
  NameAndPassword,
  PasskeyAnswer,
  PasswordTried,
  PasswordTry,
  SessionRenewed,
  ShownTokens,
  VerifyKey,
} from "../../core/sign-in-protocol.ts";
import type { Env } from "../../env.ts";
import { type AccessClaims, createAccessToken } from "../../security/access-token.ts";
import { openBoxSecret } from "../../security/box-secret.ts";
import { hashToken, isSameHash, randomToken } from "../../security/codes.ts";
import { parseSignInName } from "../../security/password.ts";
import {
  createRefreshToken,
  decideRenewal,
  parseRefreshToken,
} from "../../security/refresh-token.ts";
import { addressGroup, bucketOf } from "../../security/sign-in-throttle.ts";
import { openKeyring } from "../isolate.ts";
import { resealBox } from "../vault/sealed-columns.ts";
import { openCredentialsSchema } from "./credentials-schema.ts";
import { Devices } from "./devices.ts";
import { type AskedExport, ExportLinks } from "./export-links.ts";
import { Passkeys } from "./passkeys.ts";
import { Passwords } from "./passwords.ts";
import { ProviderAccounts } from "./provider-accounts.ts";
import { SignKeys } from "./sign-keys.ts";
import { spendOnce } from "./spend-once.ts";
import { Tries, type TryBucket } from "./tries.ts";

export class CredentialsObject extends DurableObject<Env> {
  readonly #devices: Devices;
  readonly #passkeys: Passkeys;
  readonly #accounts: ProviderAccounts;
  readonly #tries: Tries;
  readonly #exportLinks: ExportLinks;
  #signKeys: SignKeys | undefined;
  #passwords: Passwords | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    openCredentialsSchema(ctx.storage);
    this.#devices = new Devices(ctx.storage.sql);
    this.#passkeys = new Passkeys(ctx.storage.sql, () => this.#openSecret());
    this.#accounts = new ProviderAccounts(ctx.storage.sql);
    this.#tries = new Tries(ctx.storage.sql);
    this.#exportLinks = new ExportLinks(ctx.storage.sql);
  }

  #openSecret(): Promise<CryptoKey> {
    return openBoxSecret(this.env.BOX_SECRET);
  }

  async #openSignKeys(): Promise<SignKeys> {
    this.#signKeys ??= new SignKeys(this.ctx.storage.sql, await openKeyring(this.env));
    return this.#signKeys;
  }

  async #openPasswords(): Promise<Passwords> {
    const keyring = await openKeyring(this.env);
    this.#passwords ??= new Passwords(this.ctx.storage.sql, keyring);
    return this.#passwords;
  }

  /** Whether no row under an old key is left. */
  async reseal(): Promise<boolean> {
    return resealBox(this.ctx.storage.sql, await openKeyring(this.env), "credentials");
  }

  async verifyKeys(): Promise<VerifyKey[]> {
    return (await this.#openSignKeys()).verifyKeys(Date.now());
  }

  /** Signs somebody in who has proved who it is. Answers also the ids of sessions that ended thereby. */
  async begin(request: BeginSession): Promise<{ issued: IssuedSession; ended: string[] }> {
    const { personId, method, deviceName: name, replaces } = request;
    const id = crypto.randomUUID();
    const refreshToken = await createRefreshToken(await this.#openSecret(), id);
    const tokens = { refreshToken, deviceToken: randomToken() };
    const device = {
      id,
      personId,
      name,
      method,
      deviceHash: await hashToken(tokens.deviceToken),
      tokenHash: await hashToken(tokens.refreshToken),
      ...(replaces === undefined ? {} : { replacesHash: await hashToken(replaces) }),
    };
    const nowMs = Date.now();
    const ended = this.ctx.storage.transactionSync(() => this.#devices.add(device, nowMs));
    const claims = { personId, deviceId: id, signedInAtMs: nowMs };
    return { issued: { accessToken: await this.#signAccess(claims), ...tokens }, ended };
  }

  async #signAccess(claims: AccessClaims): Promise<string> {
    const nowMs = Date.now();
    const key = await (await this.#openSignKeys()).current(nowMs);
    return createAccessToken(key, claims, nowMs);
  }

  /** New tokens for those of before, as security/refresh-token.ts rules. */
  async renew(shown: ShownTokens): Promise<SessionRenewed> {
    const { deviceToken = "" } = shown;
    const secret = await this.#openSecret();
    const parsed = await parseRefreshToken(secret, shown.refreshToken);
    if (!parsed) return { status: "refused" };
    const { hash: tokenHash, isIssued } = parsed;
    const presented = { tokenHash, isIssued, deviceHash: await hashToken(deviceToken) };
    const refreshToken = await createRefreshToken(secret, parsed.deviceId);
    const nextHash = await hashToken(refreshToken);
    // From here to the end of the block nothing waits: what is decided is what is stored.
    const nowMs = Date.now();
    const device = this.#devices.find(parsed.deviceId);
    if (!device) return { status: "refused" };
    const { id: deviceId, personId, signedInAtMs } = device;
    const renewal = decideRenewal(device, presented, nowMs);
    if (renewal === "stolen") {
      this.#devices.end(deviceId);
      return { status: "stolen", ended: { deviceId, personId } };
    }
    if (renewal !== "renew" && renewal !== "repeat") return { status: "refused" };
    this.#devices.renew(device, nextHash, renewal === "repeat", nowMs);
    const accessToken = await this.#signAccess({ personId, deviceId, signedInAtMs });
    return { status: "renewed", deviceId, issued: { accessToken, refreshToken, deviceToken } };
  }

  /** Signs the device out that shows its tokens; undefined where they are nobody's. */
  async leave({ refreshToken, deviceToken = "" }: ShownTokens): Promise<EndedSession | undefined> {
    const parsed = await parseRefreshToken(await this.#openSecret(), refreshToken);
    const deviceHash = await hashToken(deviceToken);
    const device = parsed && this.#devices.find(parsed.deviceId);
    if (!device || !isSameHash(device.deviceHash, deviceHash)) return undefined;
    this.#devices.end(device.id);
    return { deviceId: device.id, personId: device.personId };
  }

  /** Who is signed in on the device of this token; undefined for nobody. */
  async personOn(deviceToken: string): Promise<PersonId | undefined> {
    return this.#devices.personOn(await hashToken(deviceToken), Date.now());
  }

  /** Undefined for a session that has ended. */
  session(deviceId: string): DeviceSession | undefined {
    return this.#devices.session(deviceId, Date.now());
  }

  devices(personId: PersonId, thisId?: string): DeviceSummary[] {
    return this.#devices.list(personId, thisId, Date.now());
  }

  /** Answers the ids of those that ended: all of the person's, one of them, or all but one. */
  endDevices(personId: PersonId, which: { only?: string; but?: string } = {}): string[] {
    return this.#devices.endOf(personId, which);
  }

  async #addressBucket(address: string): Promise<TryBucket> {
    const secret = await this.#openSecret();
    const bucket = await bucketOf(secret, "address", addressGroup(address));
    return { kind: "address", bucket };
  }

  /** A try of a way in that names nobody; answers how long to wait where none is left. */
  async takeTry(address: string): Promise<number> {
    return this.#tries.take([await this.#addressBucket(address)], Date.now());
  }

  /** The two that a whole way to the provider and back takes: who came back was somebody. */
  async giveBackTries(address: string): Promise<void> {
    const bucket = await this.#addressBucket(address);
    this.#tries.giveBack([bucket, bucket], Date.now());
  }

  /** Throws sign_in/busy. The same work and the same answer for a name that nobody has. */
  async tryPassword({ name, password, address }: PasswordTry): Promise<PasswordTried> {
    const secret = await this.#openSecret();
    const known = parseSignInName(name) ?? "";
    const buckets = [
      { kind: "name", bucket: await bucketOf(secret, "name", known) } as const,
      await this.#addressBucket(address ?? ""),
    ];
    const passwords = await this.#openPasswords();
    const retryAfterMs = this.#tries.take(buckets, Date.now());
    if (retryAfterMs > 0) return { status: "throttled", retryAfterMs };
    const personId = await passwords.find(known, password);
    if (personId === undefined) return { status: "refused" };
    this.#tries.giveBack(buckets, Date.now());
    return { status: "accepted", personId };
  }

  /** Throws sign_in/name_taken, sign_in/busy. */
  async setPassword(personId: PersonId, { name, password }: NameAndPassword): Promise<void> {
    await (await this.#openPasswords()).set(personId, name, password, Date.now());
  }

  async removePassword(personId: PersonId): Promise<void> {
    (await this.#openPasswords()).remove(personId);
  }

  /** What somebody signs in with; answers nothing secret. */
  async credentials(personId: PersonId): Promise<Omit<Credentials, "canChange">> {
    const name = (await this.#openPasswords()).nameOf(personId);
    const passkeys = this.#passkeys.list(personId);
    const linkedAtMs = this.#accounts.linkedAtMs(personId);
    return {
      ...(name === undefined ? {} : { name }),
      passkeys,
      ...(linkedAtMs === undefined ? {} : { linkedAtMs }),
    };
  }

  /** What the page hands to the browser to make a passkey. */
  async passkeyCreation(person: Pick<Person, "id" | "name">, host: string): Promise<unknown> {
    return this.#passkeys.createOptions(person, host, Date.now());
  }

  /** Throws sign_in/passkey_refused, sign_in/too_many_passkeys. */
  async addPasskey(personId: PersonId, name: string, answer: PasskeyAnswer): Promise<void> {
    await this.#passkeys.add(personId, name, answer, Date.now());
  }

  /** False where the person has none of this id. */
  removePasskey(personId: PersonId, id: string): boolean {
    return this.#passkeys.remove(personId, id);
  }

  /** What the page hands to the browser to be shown a passkey: it names nobody's. */
  async passkeyRequest(host: string): Promise<unknown> {
    return this.#passkeys.requestOptions(host, Date.now());
  }

  /** Whose passkey answered. Throws sign_in/passkey_refused. */
  async usePasskey(answer: PasskeyAnswer): Promise<PersonId> {
    return this.#passkeys.use(answer, Date.now());
  }

  /** False where the provider has answered on this way before. */
  async spendFlow(state: string, expiresAtMs: number): Promise<boolean> {
    const hash = await hashToken(state);
    return spendOnce(this.ctx.storage.sql, hash, expiresAtMs, Date.now());
  }

  /** Whose account at the provider it is; undefined for nobody's. */
  findLinked(account: string): PersonId | undefined {
    return this.#accounts.find(account);
  }

  /** Throws sign_in/provider_taken. */
  linkAccount(personId: PersonId, account: string): void {
    this.ctx.storage.transactionSync(() => this.#accounts.link(personId, account, Date.now()));
  }

  unlinkAccount(personId: PersonId): void {
    this.#accounts.forget(personId);
  }

  /** The token of a link or ticket to a copy of the person's data; undefined where there were too many in a day. */
  async askExport(asked: Omit<AskedExport, "hash">): Promise<string | undefined> {
    const token = randomToken();
    const hash = await hashToken(token);
    const isMade = this.ctx.storage.transactionSync(() =>
      this.#exportLinks.ask({ ...asked, hash }, Date.now()),
    );
    return isMade ? token : undefined;
  }

  /** A ticket for a link, once; undefined for no link in force. */
  async exchangeExportLink(token: string): Promise<string | undefined> {
    const ticket = randomToken();
    const [hash, ticketHash] = await Promise.all([hashToken(token), hashToken(ticket)]);
    return this.#exportLinks.exchange(hash, ticketHash, Date.now()) ? ticket : undefined;
  }

  /** Whose data the ticket is for, once; undefined for no ticket in force. */
  async takeExportTicket(ticket: string): Promise<PersonId | undefined> {
    const hash = await hashToken(ticket);
    return this.#exportLinks.take(hash, Date.now());
  }

  /** Everything of a person who is gone; answers the ids of the sessions that ended. */
  async forget(personId: PersonId): Promise<string[]> {
    (await this.#openPasswords()).remove(personId);
    this.#passkeys.forget(personId);
    this.#accounts.forget(personId);
    this.#exportLinks.forget(personId);
    return this.#devices.endOf(personId);
  }

  /** What one person has is another's from now on: the two turned out to be one. Running it twice changes nothing. */
  async follow(from: PersonId, into: PersonId): Promise<void> {
    (await this.#openPasswords()).follow(from, into);
    this.#passkeys.follow(from, into);
    this.#accounts.follow(from, into);
    this.#exportLinks.follow(from, into);
    this.#devices.follow(from, into);
  }
}
