/**
 * Proves that a webhook call comes from Telegram: the secret that `setWebhook` was given stands in a header. There is
 * no signature over the body, so TLS and this secret are all there is.
 */
import { AppError } from "../../core/errors.ts";
import { equalSecrets } from "../../security/equal-secrets.ts";
import type { Account, RawRequest, Verified } from "../adapter.ts";
import { parseExactJson } from "./exact-json.ts";

const SECRET_HEADER = "x-telegram-bot-api-secret-token";
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

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
  if (!equalSecrets(given, expected)) throw new AppError("webhook/bad_signature");
  return { kind: "payload", payload: parseBody(await request.readBytes()) };
}
