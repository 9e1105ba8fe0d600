/** Accounts as the directory changes them: with their log rows and entries of the audit log. */
import type { Account } from "../../adapters/adapter.ts";
import { type AuditActor, auditEvent } from "../../core/audit.ts";
import { AppError } from "../../core/errors.ts";
import type { AccountKey } from "../../core/ids.ts";
import { Accounts } from "./accounts.ts";
import type { DirectoryParts } from "./directory-parts.ts";

export class DirectoryAccounts {
  readonly #parts: DirectoryParts;
  #rows: Accounts | undefined;

  constructor(parts: DirectoryParts) {
    this.#parts = parts;
  }

  async open(): Promise<Accounts> {
    this.#rows ??= new Accounts(this.#parts.storage.sql, await this.#parts.openKeyring());
    return this.#rows;
  }

  /** Throws account/exists, account/bad_settings. */
  async add(account: Account, allow: readonly string[], by: AuditActor): Promise<void> {
    const rows = await this.open();
    const sealed = await rows.seal(account);
    rows.verifyRoom(account.key);
    const nowMs = Date.now();
    rows.insert(account, sealed, nowMs);
    rows.allow(account.key, allow);
    this.#log(account, nowMs, null);
    const { key, access, transport } = account;
    const { audit } = this.#parts;
    audit.add(auditEvent("account.added", by, { account: key, access, transport }));
    await audit.flush();
  }

  /** Throws account/unknown. */
  async remove(key: AccountKey, by: AuditActor): Promise<void> {
    const rows = await this.open();
    const account = await rows.open(key);
    if (!account) throw new AppError("account/unknown");
    rows.remove(key);
    this.#log(account, Date.now(), Date.now());
    const { audit } = this.#parts;
    audit.add(auditEvent("account.removed", by, { account: key }));
    await audit.flush();
  }

  #log(account: Account, createdAtMs: number, removedAtMs: number | null): void {
    const { key: id, channel, name, access, transport } = account;
    const times = { createdAtMs, removedAtMs };
    this.#parts.log({ kind: "account", id, channel, name, access, transport, ...times });
  }
}
