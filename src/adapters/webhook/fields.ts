/** What an account of the generic webhook is asked for. Pure: the command line reads it without the adapter. */
import { decodeBase64, encodeBase64 } from "../../security/signature.ts";
import type { Field, Transport } from "../adapter.ts";

export const WEBHOOK_DOC = "Any program that posts JSON, signed by Standard Webhooks.";
export const WEBHOOK_TRANSPORTS: readonly Transport[] = ["webhook"];

const SECRET_PREFIX = "whsec_";
/** Standard Webhooks asks for 24 to 64 random bytes. */
const MIN_SECRET_BYTES = 24;
const MAX_SECRET_BYTES = 64;
const MAX_CALLBACK_UNITS = 2048;

/** The key inside `whsec_<base64>`; undefined for a secret of any other form. */
export function readSecret(secret: string): Uint8Array | undefined {
  if (!secret.startsWith(SECRET_PREFIX)) return undefined;
  const key = decodeBase64(secret.slice(SECRET_PREFIX.length));
  return key && key.length >= MIN_SECRET_BYTES && key.length <= MAX_SECRET_BYTES ? key : undefined;
}

function generateSecret(): string {
  return SECRET_PREFIX + encodeBase64(crypto.getRandomValues(new Uint8Array(MIN_SECRET_BYTES)));
}

function checkSecret(value: string): string | undefined {
  return readSecret(value)
    ? undefined
    : `A secret is ${SECRET_PREFIX} and the Base64 of ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES} bytes.`;
}

function checkCallback(value: string): string | undefined {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const isAddress =
    url && value.length <= MAX_CALLBACK_UNITS && /^https?:$/.test(url.protocol) && !url.hash;
  return isAddress && !url.username && !url.password
    ? undefined
    : `A callback is an http or https address without credentials, of at most ${MAX_CALLBACK_UNITS} characters.`;
}

export const webhookFields: readonly Field[] = [
  {
    name: "secret",
    secret: true,
    required: false,
    doc: "Secret that both sides sign with (whsec_…); made at random when not given.",
    generate: generateSecret,
    check: checkSecret,
  },
  {
    name: "callback",
    secret: false,
    required: false,
    doc: "Address that answers are posted to; without it they are read by ?wait=1 or as a stream.",
    check: checkCallback,
  },
];
