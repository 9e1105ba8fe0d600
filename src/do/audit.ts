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
} from "../core/audit.ts";
import type { AuditAnchor, AuditCheckpoint, AuditEntry } from "../core/audit-record.ts";
import type { PersonId } from "../core/ids.ts";
import { renderTimestamp } from "../core/time-zone.ts";
import type { Env } from "../env.ts";
import { AccessRows } from "./access-rows.ts";
import { AuditLog } from "./audit-log.ts";
import { openAuditSchema } from "./audit-schema.ts";
import { openKeyring, openOptions } from "./isolate.ts";

export class AuditObject extends DurableObject<Env> {
  readonly #access: AccessRows;
  #opening: Promise<AuditLog> | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    openAuditSchema(ctx.storage);
    this.#access = new AccessRows(ctx.storage.sql);
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
    return AuditLog.open({
      storage: this.ctx.storage,
      keyring: await openKeyring(this.env),
      zone: openOptions(this.env).ROCKPOOL_TIME_ZONE,
      nowMs: () => Date.now(),
    });
  }

  /** Returns when all are on disk and signed. Throws audit/unavailable. */
  async append(events: readonly AuditEvent[]): Promise<void> {
    await (await this.#open()).append(events);
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

  /** Signed by the same key as the log: the text says by itself what it is. */
  async sign(text: string): Promise<{ publicKey: string; signature: string }> {
    const log = await this.#open();
    return { publicKey: log.publicKey, signature: await log.sign(text) };
  }

  async publicKey(): Promise<string> {
    return (await this.#open()).publicKey;
  }

  /** Erases what says who this person is; how many entries held such a thing. */
  async erasePersonal(personId: PersonId): Promise<number> {
    this.#access.erase(personId);
    return (await this.#open()).rows.erase(personId);
  }
}
