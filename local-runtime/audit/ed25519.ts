/** Hashes and signatures of the audit log, checked in Node with the public key alone. */
import { createPublicKey, hash, verify } from "node:crypto";

/** The fixed beginning of an Ed25519 public key in the form that Node reads (RFC 8410). */
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

export function digestText(text: string): string {
  return hash("sha256", text, "hex");
}

export function digestBytes(bytes: Uint8Array): string {
  return hash("sha256", bytes, "hex");
}

/** Both in hexadecimal. */
export function isSigned(text: string, signature: string, publicKey: string): boolean {
  const der = Buffer.concat([SPKI_PREFIX, Buffer.from(publicKey, "hex")]);
  const key = createPublicKey({ key: der, format: "der", type: "spki" });
  return verify(null, Buffer.from(text), key, Buffer.from(signature, "hex"));
}
