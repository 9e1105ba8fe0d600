/**
 * AuditObject: one for the box. The single writer of the audit log, and the keeper of the access log. Wiring only: the
 * chain is in audit-log.ts.
 */
import { DurableObject } from "cloudflare:workers";
import type { AuditEvent } from "../core/audit.ts";
import type { AuditAnchor, AuditCheckpoint, AuditEntry } from "../core/audit-record.ts";
import type { PersonId } from "../core/ids.ts";
import type { Env } from "../env.ts";
import { AuditLog } from "./audit-log.ts";
import { openAuditSchema } from "./audit-schema.ts";
import { openKeyring, openOptions } from "./isolate.ts";

/** Entries of one page, at most. */
export const MAX_AUDIT_PAGE = 500;

export class AuditObject extends DurableObject<Env> {
  #opening: Promise<AuditLog> | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    openAuditSchema(ctx.storage);
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

  async checkpoint(): Promise<AuditCheckpoint> {
    return (await this.#open()).checkpoint();
  }

  async anchor(): Promise<AuditAnchor | null> {
    return (await this.#open()).rows.anchor();
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

  /** Erases what says who this person is; how many entries held such a thing. */
  async erasePersonal(personId: PersonId): Promise<number> {
    return (await this.#open()).rows.erase(personId);
  }
}
