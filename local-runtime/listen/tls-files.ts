/** The certificate, its key and the authorities of callers, read from the owner's files and checked before workerd sees them. */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { EXIT, HostError, systemCode } from "../host-error.ts";

export interface TlsPaths {
  cert: string;
  key: string;
  /** File of the authority of callers, by the name of the listener. */
  clientCas: Readonly<Record<string, string>>;
}

export interface TlsMaterial {
  /** PKCS #8, in PEM. */
  keyPem: string;
  chainPem: string;
  clientCaPems: Readonly<Record<string, readonly string[]>>;
  /** First name that the certificate is for; no pattern. */
  host: string | undefined;
  expiresAtMs: number;
}

const MAX_FILE_BYTES = 256 * 1024;
/** Others may neither read nor write it, and a group may read it: so is /etc/ssl/private. */
const KEY_FORBIDDEN_BITS = 0o027;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Throws tls/unreadable, tls/key_open, tls/bad_key, tls/bad_certificate, tls/bad_chain and tls/wrong_key. */
export function loadTlsMaterial(paths: TlsPaths): TlsMaterial {
  const chain = readCertificates(paths.cert);
  const [leaf, ...issuers] = chain;
  verifyChain(paths.cert, chain);
  const key = readKey(paths.key);
  if (!leaf?.checkPrivateKey(key))
    throw tlsError("wrong_key", `${paths.key} is not the key of the certificate in ${paths.cert}`);
  return {
    keyPem: key.export({ type: "pkcs8", format: "pem" }).toString(),
    chainPem: [leaf, ...issuers].map(String).join(""),
    clientCaPems: Object.fromEntries(
      Object.entries(paths.clientCas).map(([name, path]) => [
        name,
        readCertificates(path).map(String),
      ]),
    ),
    host: hostOf(leaf),
    expiresAtMs: Math.min(...chain.map((certificate) => Date.parse(certificate.validTo))),
  };
}

function readKey(path: string): KeyObject {
  const pem = readPem(path);
  if ((statSync(path).mode & KEY_FORBIDDEN_BITS) !== 0)
    throw tlsError(
      "key_open",
      `${path} is open to other users of this machine`,
      `Close it: chmod 600 ${path}`,
    );
  try {
    return createPrivateKey(pem);
  } catch {
    // The parser's own words stay here: they may quote the file.
    throw tlsError("bad_key", `${path} holds no private key in PEM without a passphrase`);
  }
}

function readCertificates(path: string): X509Certificate[] {
  const found = readPem(path).match(CERTIFICATE) ?? [];
  try {
    const chain = found.map((pem) => new X509Certificate(pem));
    if (chain.length > 0) return chain;
  } catch {
    // Said below: the file is no certificate.
  }
  throw tlsError("bad_certificate", `${path} holds no certificate in PEM`);
}

/** Each is issued by the next. */
function verifyChain(path: string, chain: readonly X509Certificate[]): void {
  for (const [index, certificate] of chain.entries()) {
    const issuer = chain[index + 1];
    if (issuer && !(certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)))
      throw tlsError(
        "bad_chain",
        `in ${path} certificate ${index + 1} was not issued by certificate ${index + 2}`,
        "Write the server's own certificate first, then each one's issuer (certbot: fullchain.pem).",
      );
  }
}

function readPem(path: string): string {
  try {
    if (statSync(path).size <= MAX_FILE_BYTES) return readFileSync(path, "latin1");
  } catch (error) {
    throw tlsError("unreadable", `${path} cannot be read (${systemCode(error) ?? "unknown"})`);
  }
  throw tlsError("unreadable", `${path} is too long for a certificate or a key`);
}

function hostOf(leaf: X509Certificate): string | undefined {
  const names = (leaf.subjectAltName ?? "").split(", ").flatMap((entry) => {
    const [, dns, address] = /^(?:DNS:([\w.-]+)|IP Address:(.+))$/.exec(entry) ?? [];
    return dns ?? (address?.includes(":") ? `[${address}]` : address) ?? [];
  });
  return names[0];
}

function tlsError(what: string, message: string, fix?: string): HostError {
  return new HostError({
    code: `tls/${what}`,
    message: `The certificate cannot be used: ${message}.`,
    fix: fix ?? "Set ROCKPOOL_TLS_CERT and ROCKPOOL_TLS_KEY to the right files.",
    exitStatus: EXIT.config,
  });
}
