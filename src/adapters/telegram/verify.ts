/**
 * Proves that a webhook call comes from Telegram: the secret that `setWebhook` was given stands in a header. There is
 * no signature over the body, so TLS and this secret are all there is.
 */
import { AppError } from "../../core/errors.ts";
import type { Account, RawRequest, Verified } from "../adapter.ts";
import { parseExactJson } from "./exact-json.ts";

const SECRET_HEADER = "x-telegram-bot-api-secret-token";
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/** Compares digests, so that the time taken says nothing about either text, its length included. */
async function equalSecrets(left: string, right: string): Promise<boolean> {
  const [a, b] = await Promise.all(
    [left, right].map((text) => crypto.subtle.digest("SHA-256", encoder.encode(text))),
  );
  if (!a || !b) return false;
  const [bytesA, bytesB] = [new Uint8Array(a), new Uint8Array(b)];
  let difference = 0;
  for (const [index, byte] of bytesA.entries()) difference |= byte ^ (bytesB[index] ?? 0);
  return difference === 0;
}

function parseBody(body: Uint8Array): unknown {
  try {
    return parseExactJson(decoder.decode(body));
  } catch {
    // The cause would quote the body, which may be private.
    throw new AppError("webhook/bad_payload", { detail: "The body is not JSON in UTF-8." });
  }
}

/** Throws http/method_not_allowed, webhook/bad_signature, webhook/bad_payload. */
export async function verifyUpdate(request: RawRequest, account: Account): Promise<Verified> {
  if (request.method !== "POST") throw new AppError("http/method_not_allowed");
  const expected = account.secrets.secret;
  if (!expected)
    throw new AppError("webhook/bad_signature", { detail: "The account has no webhook secret." });
  const given = request.headers.get(SECRET_HEADER) ?? "";
  if (!(await equalSecrets(given, expected))) throw new AppError("webhook/bad_signature");
  return { kind: "payload", payload: parseBody(request.body) };
}
