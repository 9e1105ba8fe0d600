/**
 * Proves that a call was signed with the account's secret, a short while ago, by the rules of Standard Webhooks
 * (https://www.standardwebhooks.com): HMAC-SHA-256 over `id.timestamp.body`.
 */
import { AppError } from "../../core/errors.ts";
import { decodeBase64, encodeBase64, signHmac, verifyHmac } from "../../security/signature.ts";
import type { Account, Io, RawRequest, Verified } from "../adapter.ts";
import { readSecret } from "./fields.ts";
import { readBody } from "./parse.ts";

/** How far the sender's clock may be from this one, either way. */
export const TOLERANCE_MS = 5 * 60_000;
/** Signatures of one call that are tried: a sender that rotates its secret sends two. */
export const MAX_SIGNATURES = 8;

/** No full stop: it separates the signed parts, so an id with one could be read in two ways. */
const ID_PATTERN = /^[\x21-\x2d\x2f-\x7e]{1,256}$/;
/** Seconds since 1970, until the year 5138. */
const TIMESTAMP_PATTERN = /^\d{1,11}$/;

export async function verify(request: RawRequest, account: Account, io: Io): Promise<Verified> {
  if (request.method !== "POST") throw new AppError("http/method_not_allowed");
  const key = readSecret(account.secrets.secret ?? "");
  if (!key)
    throw new AppError("webhook/bad_signature", { detail: "The account has no usable secret." });
  const id = request.headers.get("webhook-id") ?? "";
  const timestamp = request.headers.get("webhook-timestamp") ?? "";
  const signatures = readSignatures(request.headers.get("webhook-signature") ?? "");
  if (!ID_PATTERN.test(id) || !TIMESTAMP_PATTERN.test(timestamp) || signatures.length === 0)
    throw new AppError("webhook/bad_signature", {
      detail: "The headers webhook-id, webhook-timestamp and webhook-signature are expected.",
    });
  const body = await request.readBytes();
  if (!(await isSigned(key, signedContent(id, timestamp, body), signatures)))
    throw new AppError("webhook/bad_signature");
  const atMs = Number(timestamp) * 1000;
  if (Math.abs(io.nowMs() - atMs) > TOLERANCE_MS) throw new AppError("webhook/stale");
  return { kind: "payload", payload: { id, atMs, body: readBody(body) } };
}

/** The value of the header `webhook-signature`. Throws account/bad_settings where there is no secret to sign with. */
export async function sign(
  account: Account,
  id: string,
  timestamp: string,
  body: Uint8Array,
): Promise<string> {
  const key = readSecret(account.secrets.secret ?? "");
  if (!key)
    throw new AppError("account/bad_settings", { detail: "The account has no usable secret." });
  return `v1,${encodeBase64(await signHmac(key, signedContent(id, timestamp, body)))}`;
}

function readSignatures(header: string): Uint8Array[] {
  return header
    .split(" ", MAX_SIGNATURES)
    .filter((part) => part.startsWith("v1,"))
    .flatMap((part) => decodeBase64(part.slice("v1,".length)) ?? []);
}

function signedContent(id: string, timestamp: string, body: Uint8Array): Uint8Array {
  const head = new TextEncoder().encode(`${id}.${timestamp}.`);
  const content = new Uint8Array(head.length + body.length);
  content.set(head);
  content.set(body, head.length);
  return content;
}

async function isSigned(key: Uint8Array, content: Uint8Array, signatures: Uint8Array[]) {
  for (const signature of signatures) if (await verifyHmac(key, content, signature)) return true;
  return false;
}
