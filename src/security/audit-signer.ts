/**
 * The key that signs the audit log: Ed25519, made on the box, sealed on disk, and while the program runs a handle that can
 * sign and cannot be read. Its public half is all that a verifier needs.
 */
import { AppError } from "../core/errors.ts";
import type { Keyring } from "./keyring.ts";

const ALGORITHM = { name: "Ed25519" };
/** What the sealed key is bound to. */
export const AUDIT_KEY_PLACE = "audit|signing key";
const encoder = new TextEncoder();

/** As it is kept. */
export interface StoredSigningKey {
  /** 32 bytes in hexadecimal. */
  publicKey: string;
  sealed: Uint8Array;
}

export async function createSigningKey(keyring: Keyring): Promise<StoredSigningKey> {
  const pair = (await crypto.subtle.generateKey(ALGORITHM, true, [
    "sign",
    "verify",
  ])) as CryptoKeyPair; // Ed25519 makes a pair, no single key
  const spoken = (await crypto.subtle.exportKey("raw", pair.publicKey)) as ArrayBuffer; // "raw" exports to bytes
  const secret = (await crypto.subtle.exportKey("pkcs8", pair.privateKey)) as ArrayBuffer; // as does "pkcs8"
  return {
    publicKey: new Uint8Array(spoken).toHex(),
    sealed: await keyring.seal(AUDIT_KEY_PLACE, new Uint8Array(secret), "box"),
  };
}

export class AuditSigner {
  readonly publicKey: string;
  readonly #privateKey: CryptoKey;
  readonly #verifyKey: CryptoKey;

  private constructor(publicKey: string, privateKey: CryptoKey, verifyKey: CryptoKey) {
    this.publicKey = publicKey;
    this.#privateKey = privateKey;
    this.#verifyKey = verifyKey;
  }

  /** Throws crypto/cannot_open. */
  static async open(keyring: Keyring, { publicKey, sealed }: StoredSigningKey) {
    const secret = await keyring.open(AUDIT_KEY_PLACE, sealed);
    try {
      const [privateKey, verifyKey] = await Promise.all([
        crypto.subtle.importKey("pkcs8", secret, ALGORITHM, false, ["sign"]),
        crypto.subtle.importKey("raw", Uint8Array.fromHex(publicKey), ALGORITHM, false, ["verify"]),
      ]);
      const signer = new AuditSigner(publicKey, privateKey, verifyKey);
      // A public key that was exchanged on disk would have its owner verify somebody else's log.
      if (await signer.isSigned(AUDIT_KEY_PLACE, await signer.sign(AUDIT_KEY_PLACE))) return signer;
    } catch (cause) {
      throw new AppError("crypto/cannot_open", { cause });
    } finally {
      secret.fill(0);
    }
    throw new AppError("crypto/cannot_open", { detail: "The audit log's two keys are no pair." });
  }

  /** In hexadecimal. */
  async sign(text: string): Promise<string> {
    const bytes = await crypto.subtle.sign(ALGORITHM, this.#privateKey, encoder.encode(text));
    return new Uint8Array(bytes).toHex();
  }

  async isSigned(text: string, signature: string): Promise<boolean> {
    if (!/^[0-9a-f]{128}$/.test(signature)) return false;
    const bytes = Uint8Array.fromHex(signature);
    return crypto.subtle.verify(ALGORITHM, this.#verifyKey, bytes, encoder.encode(text));
  }
}

/** SHA-256 of the text, in hexadecimal. */
export async function digestText(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", encoder.encode(text));
  return new Uint8Array(bytes).toHex();
}

/** 128 random bits, in hexadecimal: nobody tries all values of a commitment. */
export function randomSalt(): string {
  return crypto.getRandomValues(new Uint8Array(16)).toHex();
}
