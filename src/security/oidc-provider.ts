/**
 * What is asked of an OpenID Connect provider: its addresses, its keys, and a token for a code. Its answers are outside
 * bytes: bounded in size and time, and read by schemas. The fetch is an argument, and follows no redirect.
 */
import type { JSONWebKeySet } from "jose";
import * as v from "valibot";
import { AppError } from "../core/errors.ts";
import type { Flow } from "./oidc-flow.ts";

/** For each answer. */
export const MAX_ANSWER_BYTES = 256 * 1024;
export const ANSWER_MS = 5_000;
const MAX_KEYS = 100;

export interface OidcClient {
  issuer: string;
  clientId: string;
  /** Without one the box is a public client, which PKCE protects. */
  secret?: string;
}

/** A fetch that reaches the origin of this address and nothing else. */
export type OpenFetch = (url: string) => typeof fetch;

const address = v.pipe(v.string(), v.maxLength(2000), v.url());
const metadataSchema = v.object({
  issuer: v.string(),
  authorization_endpoint: address,
  token_endpoint: address,
  jwks_uri: address,
  token_endpoint_auth_methods_supported: v.optional(v.array(v.string())),
});
const keysSchema = v.object({
  keys: v.pipe(v.array(v.looseObject({ kty: v.string() })), v.maxLength(MAX_KEYS)),
});
const tokenSchema = v.object({ id_token: v.pipe(v.string(), v.minLength(1)) });
const errorSchema = v.object({ error: v.literal("invalid_grant") });

export type KeySet = JSONWebKeySet;
export type ProviderMetadata = v.InferOutput<typeof metadataSchema>;

/** Throws sign_in/provider_away, also for one that names another issuer or an address that is not safe. */
export async function loadMetadata(open: OpenFetch, issuer: string): Promise<ProviderMetadata> {
  const url = `${issuer.replace(/\/+$/, "")}/.well-known/openid-configuration`;
  const metadata = parseAnswer(metadataSchema, await fetchJson(open, url));
  const { authorization_endpoint, token_endpoint, jwks_uri } = metadata;
  const isSafe = [authorization_endpoint, token_endpoint, jwks_uri].every(
    (at) => new URL(at).protocol === "https:" || new URL(at).origin === new URL(issuer).origin,
  );
  if (metadata.issuer === issuer && isSafe) return metadata;
  throw new AppError("sign_in/provider_away", {
    cause: new Error("the provider names another issuer, or an address without https"),
  });
}

/** Throws sign_in/provider_away. */
export async function loadKeySet(open: OpenFetch, url: string): Promise<KeySet> {
  return parseAnswer(keysSchema, await fetchJson(open, url));
}

/** Where the browser is sent. */
export function authorizationUrl(
  { authorization_endpoint }: ProviderMetadata,
  { clientId }: OidcClient,
  { state, nonce, challenge }: Flow,
  redirectUri: string,
): string {
  const url = new URL(authorization_endpoint);
  const query = {
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri,
    scope: "openid",
    state,
    nonce,
    code_challenge: challenge,
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.href;
}

export interface CodeAnswer {
  code: string;
  verifier: string;
  redirectUri: string;
}

/** The ID token. Throws sign_in/provider_refused for a code that is not good, sign_in/provider_away. */
export async function redeemCode(
  open: OpenFetch,
  metadata: ProviderMetadata,
  client: OidcClient,
  { code, verifier, redirectUri }: CodeAnswer,
): Promise<string> {
  const body = new URLSearchParams({
    grant_type: "authorization_code",
    code,
    redirect_uri: redirectUri,
    code_verifier: verifier,
  });
  const headers = proveClient(metadata, client, body);
  const url = metadata.token_endpoint;
  const answer = await fetchJson(open, url, { method: "POST", headers, body });
  return parseAnswer(tokenSchema, answer).id_token;
}

/** Puts the client's secret where the provider wants it: into a header, or into the body. */
function proveClient(
  { token_endpoint_auth_methods_supported: ways = ["client_secret_basic"] }: ProviderMetadata,
  { clientId, secret }: OidcClient,
  body: URLSearchParams,
): Record<string, string> {
  if (secret !== undefined && ways.includes("client_secret_basic")) {
    // RFC 6749, 2.3.1: both parts are form-encoded before they are joined.
    const [id, key] = [clientId, secret].map((part) =>
      new URLSearchParams({ "": part }).toString().slice(1),
    );
    return { authorization: `Basic ${btoa(`${id}:${key}`)}` };
  }
  body.set("client_id", clientId);
  if (secret !== undefined) body.set("client_secret", secret);
  return {};
}

interface Answer {
  isOk: boolean;
  body: unknown;
}

async function fetchJson(open: OpenFetch, url: string, init: RequestInit = {}): Promise<Answer> {
  try {
    const signal = AbortSignal.timeout(ANSWER_MS);
    const headers = { accept: "application/json", ...init.headers };
    const response = await open(url)(url, { ...init, headers, signal });
    return { isOk: response.ok, body: JSON.parse(await readText(response)) };
  } catch (cause) {
    throw new AppError("sign_in/provider_away", { cause });
  }
}

async function readText(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  let [text, sizeBytes] = ["", 0];
  for (;;) {
    const { done, value } = reader ? await reader.read() : { done: true, value: undefined };
    if (done || !value) return text + decoder.decode();
    sizeBytes += value.byteLength;
    if (sizeBytes > MAX_ANSWER_BYTES) {
      await reader?.cancel();
      throw new Error(`the answer is longer than ${MAX_ANSWER_BYTES} bytes`);
    }
    text += decoder.decode(value, { stream: true });
  }
}

function parseAnswer<Schema extends v.GenericSchema>(
  schema: Schema,
  { isOk, body }: Answer,
): v.InferOutput<Schema> {
  if (!isOk && v.is(errorSchema, body)) throw new AppError("sign_in/provider_refused");
  const parsed = v.safeParse(schema, body);
  if (isOk && parsed.success) return parsed.output;
  // The answer itself may hold a token: only its shape is told.
  throw new AppError("sign_in/provider_away", {
    cause: new Error("the provider answered something else than was asked for"),
  });
}
