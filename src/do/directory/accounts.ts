/** The accounts of the directory: which messengers this box answers on, their credentials sealed. Synchronous SQL. */
import type { Account } from "../../adapters/adapter.ts";
import type { AccountSummary } from "../../core/admin-protocol.ts";
import { AppError } from "../../core/errors.ts";
import type { AccountKey } from "../../core/ids.ts";
import { type Keyring, openJson, sealJson } from "../../security/keyring.ts";

export const MAX_ACCOUNTS = 64;

interface StoredAccount extends Record<string, SqlStorageValue> {
  key: string;
  channel: string;
  name: string;
  access: string;
  transport: string;
  api_base: string | null;
  self: string | null;
  created_at_ms: number;
  body: ArrayBuffer;
}

/** What is sealed of an account. */
interface AccountBody {
  settings: Record<string, string>;
  secrets: Record<string, string>;
}

const place = (key: string) => `accounts|${key}`;

export class Accounts {
  readonly #sql: SqlStorage;
  readonly #keyring: Keyring;

  constructor(sql: SqlStorage, keyring: Keyring) {
    this.#sql = sql;
    this.#keyring = keyring;
  }

  #find(key: AccountKey): StoredAccount | undefined {
    return this.#sql.exec<StoredAccount>("SELECT * FROM accounts WHERE key = ?", key).toArray()[0];
  }

  /** Throws account/exists, account/bad_settings. */
  verifyRoom(key: AccountKey): void {
    if (this.#find(key)) throw new AppError("account/exists");
    const { n } = this.#sql.exec<{ n: number }>("SELECT count(*) AS n FROM accounts").one();
    if (n >= MAX_ACCOUNTS)
      throw new AppError("account/bad_settings", {
        detail: `At most ${MAX_ACCOUNTS} accounts fit.`,
      });
  }

  seal(account: Account): Promise<Uint8Array> {
    const body: AccountBody = { settings: account.settings, secrets: account.secrets };
    return sealJson(this.#keyring, place(account.key), body, "box");
  }

  insert(account: Account, sealed: Uint8Array, nowMs: number): void {
    this.#sql.exec(
      "INSERT INTO accounts (key, channel, name, access, transport, api_base, self, created_at_ms, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      account.key,
      account.channel,
      account.name,
      account.access,
      account.transport,
      account.apiBase ?? null,
      account.self ? JSON.stringify(account.self) : null,
      nowMs,
      sealed,
    );
  }

  /** These senders may come in where the account has an allow-list. */
  allow(key: AccountKey, senders: readonly string[]): void {
    for (const sender of senders)
      this.#sql.exec("INSERT OR IGNORE INTO allowed (account, sender) VALUES (?, ?)", key, sender);
  }

  remove(key: AccountKey): void {
    for (const table of ["allowed", "identities", "pairings"])
      this.#sql.exec(`DELETE FROM ${table} WHERE account = ?`, key);
    this.#sql.exec("DELETE FROM accounts WHERE key = ?", key);
  }

  async open(key: AccountKey): Promise<Account | undefined> {
    const stored = this.#find(key);
    return stored && this.#open(stored);
  }

  async #open(stored: StoredAccount): Promise<Account> {
    const body = await openJson<AccountBody>(
      this.#keyring,
      place(stored.key),
      new Uint8Array(stored.body),
    );
    return {
      key: stored.key as AccountKey, // written by insert() only, as are the two below
      channel: stored.channel,
      name: stored.name,
      access: stored.access as Account["access"],
      transport: stored.transport as Account["transport"],
      ...(stored.api_base === null ? {} : { apiBase: stored.api_base }),
      ...(stored.self === null
        ? {}
        : { self: JSON.parse(stored.self) as { id: string; name: string } }),
      ...body,
    };
  }

  async list(): Promise<AccountSummary[]> {
    const rows = this.#sql.exec<StoredAccount>("SELECT * FROM accounts ORDER BY key").toArray();
    return Promise.all(
      rows.map(async (stored) => {
        const { secrets, key: _key, ...account } = await this.#open(stored);
        return {
          ...account,
          secretsSet: Object.keys(secrets),
          webhookPath: `/webhooks/${stored.channel}/${stored.name}`,
          addedAtMs: stored.created_at_ms,
        };
      }),
    );
  }
}
