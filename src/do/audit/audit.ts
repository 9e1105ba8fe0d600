/**
 * AuditObject: one for the box. The single writer of the audit log, and the keeper of the access log. Wiring only: the
 * chain is in audit-log.ts.
 */
import { DurableObject } from "cloudflare:workers";
import {
  type AccessEntry,
  type AccessNote,
  type AuditEvent,
  MAX_AUDIT_PAGE,
} from "../../core/audit.ts";
import type { AuditAnchor, AuditCheckpoint, AuditEntry } from "../../core/audit-record.ts";
import { errorCode } from "../../core/errors.ts";
import type { PersonId } from "../../core/ids.ts";
import { renderTimestamp } from "../../core/time-zone.ts";
import type { Env } from "../../env.ts";
import { emit } from "../../observability/emit.ts";
import { describeError } from "../../observability/redact.ts";
import { digestText } from "../../security/audit-signer.ts";
import { openKeyring, openOptions } from "../isolate.ts";
import { resealBox } from "../vault/sealed-columns.ts";
import { openVault } from "../vault/vault-client.ts";
import { AccessRows } from "./access-rows.ts";
import { DAY_MS, isCheckpointDue, sendCheckpoint } from "./audit-checkpoints.ts";
import { AuditLog } from "./audit-log.ts";
import { AuditMeta } from "./audit-meta.ts";
import { openAuditSchema } from "./audit-schema.ts";
import { describeStart, digestOptions, type StartFacts } from "./audit-start.ts";
import { keepHouse } from "./keep-house.ts";

/** After a start everything else comes first. */
const FIRST_ROUND_MS = 10 * 60_000;
const ROUND_MS = DAY_MS;
const AGAIN_MS = 1_000;
const RETRY_MS = 10 * 60_000;

export class AuditObject extends DurableObject<Env> {
  readonly #access: AccessRows;
  readonly #meta: AuditMeta;
  #opening: Promise<AuditLog> | undefined;
  #roundAtMs = Number.POSITIVE_INFINITY;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    openAuditSchema(ctx.storage);
    this.#access = new AccessRows(ctx.storage.sql);
    this.#meta = new AuditMeta(ctx.storage.sql);
  }

  /** Once for all who ask meanwhile: two would begin at the same end. */
  #open(): Promise<AuditLog> {
    this.#opening ??= this.#openLog().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #openLog(): Promise<AuditLog> {
    await this.#armAnew();
    return AuditLog.open({
      storage: this.ctx.storage,
      keyring: await openKeyring(this.env),
      zone: openOptions(this.env).ROCKPOOL_TIME_ZONE,
      nowMs: () => Date.now(),
      notedKey: async () => openVault(this.env).auditKey(this.ctx.id.toString()),
      noteKey: async (publicKey) =>
        openVault(this.env).noteAuditKey(this.ctx.id.toString(), publicKey),
    });
  }

  async #armIn(ms: number): Promise<void> {
    this.#roundAtMs = Date.now() + ms;
    await this.ctx.storage.setAlarm(this.#roundAtMs);
  }

  /** Where there is no next round, or the clock was set back since it was set: the round of the day is not put off. */
  async #armAnew(): Promise<void> {
    this.#roundAtMs = (await this.ctx.storage.getAlarm()) ?? Number.POSITIVE_INFINITY;
    if (this.#isPutOff()) await this.#armIn(FIRST_ROUND_MS);
  }

  #isPutOff(): boolean {
    return this.#roundAtMs - Date.now() > ROUND_MS;
  }

  /** Once a day what is over its time goes, and the owner is sent how the log ends, where he wants that. */
  override async alarm(): Promise<void> {
    try {
      const log = await this.#open();
      const house = { env: this.env, log, access: this.#access, nowMs: Date.now() };
      const hasMore = await keepHouse(house);
      if (this.#isCheckpointDue(log)) {
        const length = await sendCheckpoint(this.env, log);
        this.#meta.set("checkpoint", { length, atMs: Date.now() });
      }
      await this.#armIn(hasMore ? AGAIN_MS : ROUND_MS);
    } catch (error) {
      const code = errorCode(error);
      emit({ type: "fault", where: "audit:alarm", code, cause: describeError(error) });
      await this.#armIn(RETRY_MS);
    }
  }

  #isCheckpointDue({ length }: AuditLog): boolean {
    const rule = openOptions(this.env).ROCKPOOL_AUDIT_CHECKPOINTS;
    const last = this.#meta.get("checkpoint") ?? { length: 0, atMs: 0 };
    return isCheckpointDue(rule, last, { length, atMs: Date.now() });
  }

  /** Returns when all are on disk and signed. Throws audit/unavailable. */
  async append(events: readonly AuditEvent[]): Promise<void> {
    const log = await this.#open();
    await log.append(events);
    if (this.#isPutOff()) await this.#armIn(FIRST_ROUND_MS);
    // Sent by the alarm: who waits for this entry does not wait for a chat.
    if (typeof openOptions(this.env).ROCKPOOL_AUDIT_CHECKPOINTS === "number")
      if (this.#isCheckpointDue(log)) await this.#armIn(AGAIN_MS);
  }

  /** The box has begun anew: an entry says so, and what is not as it was at the last start. */
  async started(facts: StartFacts): Promise<void> {
    const log = await this.#open();
    const digest = (text: string) => digestText(`${log.publicKey} ${text}`);
    const digests = await digestOptions(facts.options, digest);
    const before = { options: this.#meta.get("options"), allowed: this.#meta.get("allowed") };
    await log.append(describeStart(before, digests, facts));
    this.#meta.set("options", digests);
    this.#meta.set("allowed", [...facts.allowed]);
  }

  noteAccess(note: AccessNote): void {
    const zone = openOptions(this.env).ROCKPOOL_TIME_ZONE;
    this.#access.add(note, renderTimestamp(note.atMs, zone));
  }

  /** Newest first. */
  accessBefore(seq: number, limit: number): AccessEntry[] {
    return this.#access.before(seq, Math.min(limit, MAX_AUDIT_PAGE));
  }

  async checkpoint(): Promise<AuditCheckpoint> {
    return (await this.#open()).checkpoint();
  }

  /** Where the log ends, signed now, and where it begins. */
  async bounds(): Promise<{ end: AuditCheckpoint; anchor: AuditAnchor | null }> {
    const log = await this.#open();
    return { end: await log.checkpoint(), anchor: log.rows.anchor() };
  }

  /** Oldest first. */
  async entriesAfter(seq: number, limit: number): Promise<AuditEntry[]> {
    const log = await this.#open();
    const rows = log.rows.after(seq, Math.min(limit, MAX_AUDIT_PAGE));
    return Promise.all(rows.map((row) => log.openRow(row)));
  }

  /** Newest first; of actions that begin so. */
  async entriesBefore(seq: number, limit: number, action: string): Promise<AuditEntry[]> {
    const log = await this.#open();
    const rows = log.rows.before(seq, Math.min(limit, MAX_AUDIT_PAGE), action);
    return Promise.all(rows.map((row) => log.openRow(row)));
  }

  /** By and about one person, oldest first. */
  async entriesOf(personId: PersonId, afterSeq: number, limit: number): Promise<AuditEntry[]> {
    const log = await this.#open();
    const rows = log.rows.of(personId, afterSeq, Math.min(limit, MAX_AUDIT_PAGE));
    return Promise.all(rows.map((row) => log.openRow(row)));
  }

  /** Oldest first. */
  accessOf(personId: PersonId, afterSeq: number, limit: number): AccessEntry[] {
    return this.#access.of(personId, afterSeq, Math.min(limit, MAX_AUDIT_PAGE));
  }

  /** Signed by the same key as the log: the text says by itself what it is. */
  async sign(text: string): Promise<{ publicKey: string; signature: string }> {
    const log = await this.#open();
    return { publicKey: log.publicKey, signature: await log.sign(text) };
  }

  async publicKey(): Promise<string> {
    return (await this.#open()).publicKey;
  }

  /** Whether no row under an old key is left. */
  async reseal(): Promise<boolean> {
    return resealBox(this.ctx.storage.sql, await openKeyring(this.env), "audit");
  }

  /** Erases what says who this person is; how many entries held such a thing. */
  async erasePersonal(personId: PersonId): Promise<number> {
    this.#access.erase(personId);
    return (await this.#open()).rows.erase(personId);
  }
}
