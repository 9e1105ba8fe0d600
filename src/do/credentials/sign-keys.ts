/**
 * The keys that sign access tokens: a new one each day, when the first token of that day is made. The private half is
 * kept sealed and forgotten with the next key; the public half stays as long as a token that it signed may last.
 */
import type { VerifyKey } from "../../core/sign-in-protocol.ts";
import {
  ACCESS_SECONDS,
  CLOCK_TOLERANCE_SECONDS,
  type SigningKey,
} from "../../security/access-token.ts";
import type { Keyring } from "../../security/keyring.ts";

export const SIGN_KEY_MS = 24 * 3_600_000;
const LAST_TOKEN_MS = (ACCESS_SECONDS + CLOCK_TOLERANCE_SECONDS) * 1000;
const ED25519 = { name: "Ed25519" };

interface StoredKey extends Record<string, SqlStorageValue> {
  kid: string;
  created_at_ms: number;
  body: ArrayBuffer;
}

export class SignKeys {
  readonly #sql: SqlStorage;
  readonly #keyring: Keyring;
  #opened: SigningKey | undefined;

  constructor(sql: SqlStorage, keyring: Keyring) {
    this.#sql = sql;
    this.#keyring = keyring;
  }

  async current(nowMs: number): Promise<SigningKey> {
    let stored = this.#newest(nowMs);
    if (!stored) {
      await this.#add(nowMs);
      stored = this.#newest(nowMs);
    }
    if (!stored) throw new TypeError("A signing key was made and is not there.");
    if (this.#opened?.kid !== stored.kid) this.#opened = await this.#open(stored);
    return this.#opened;
  }

  /** Those under which a token may still be good. */
  verifyKeys(nowMs: number): VerifyKey[] {
    this.#prune(nowMs);
    return this.#sql
      .exec<{ kid: string; public_key: string }>("SELECT kid, public_key FROM sign_keys")
      .toArray()
      .map((row) => ({ kid: row.kid, publicKey: row.public_key }));
  }

  /** Undefined where a new one is due. A clock that was set back by more than a day makes one due, too. */
  #newest(nowMs: number): StoredKey | undefined {
    const [row] = this.#sql
      .exec<StoredKey>(
        "SELECT kid, created_at_ms, body FROM sign_keys WHERE body IS NOT NULL ORDER BY created_at_ms DESC, kid LIMIT 1",
      )
      .toArray();
    return row && Math.abs(nowMs - row.created_at_ms) < SIGN_KEY_MS ? row : undefined;
  }

  async #add(nowMs: number): Promise<void> {
    const pair = (await crypto.subtle.generateKey(ED25519, true, [
      "sign",
      "verify",
    ])) as CryptoKeyPair; // Ed25519 makes a pair
    const [publicKey, privateKey] = await Promise.all([
      crypto.subtle.exportKey("raw", pair.publicKey),
      crypto.subtle.exportKey("pkcs8", pair.privateKey),
    ]);
    const kid = crypto.randomUUID();
    const secret = new Uint8Array(privateKey as ArrayBuffer); // "pkcs8" exports bytes, as "raw" does
    const body = await this.#keyring.seal(placeOf(kid), secret, "box");
    if (this.#newest(nowMs)) return; // another call was faster
    this.#prune(nowMs);
    this.#sql.exec("UPDATE sign_keys SET body = NULL");
    this.#sql.exec(
      "INSERT INTO sign_keys (kid, created_at_ms, public_key, body) VALUES (?, ?, ?, ?)",
      kid,
      nowMs,
      new Uint8Array(publicKey as ArrayBuffer).toBase64(),
      body,
    );
  }

  #prune(nowMs: number): void {
    this.#sql.exec(
      "DELETE FROM sign_keys WHERE body IS NULL AND abs(? - created_at_ms) >= ?",
      nowMs,
      SIGN_KEY_MS + LAST_TOKEN_MS,
    );
  }

  async #open({ kid, body }: StoredKey): Promise<SigningKey> {
    const raw = await this.#keyring.open(placeOf(kid), new Uint8Array(body));
    const privateKey = await crypto.subtle.importKey("pkcs8", raw, ED25519, false, ["sign"]);
    raw.fill(0);
    return { kid, privateKey };
  }
}

/** What the sealed key is bound to. */
function placeOf(kid: string): string {
  return `credentials/sign_keys/${kid}`;
}
