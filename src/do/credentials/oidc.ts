/** Asks the provider that the options name, through a way out of its own; its addresses and keys are remembered for a while. */
import { TtlCache } from "../../cache/ttl-cache.ts";
import { AppError } from "../../core/errors.ts";
import type { Env } from "../../env.ts";
import { hashToken } from "../../security/codes.ts";
import { verifyIdToken } from "../../security/id-token.ts";
import type { Flow } from "../../security/oidc-flow.ts";
import {
  authorizationUrl,
  type KeySet,
  loadKeySet,
  loadMetadata,
  type OidcClient,
  type OpenFetch,
  type ProviderMetadata,
  redeemCode,
} from "../../security/oidc-provider.ts";
import { openEgress } from "../delivery/routes-out.ts";
import { openOptions } from "../isolate.ts";

const REMEMBER_MS = 10 * 60_000;
/** Keys that do not fit are asked for anew no sooner: made-up tokens do not hammer the provider. */
const REFRESH_MS = 60_000;
/** A box has one provider. */
const MAX_REMEMBERED = 1;

const nowMs = () => Date.now();
const remembered = { ttlMs: REMEMBER_MS, maxEntries: MAX_REMEMBERED, nowMs };
const metadataCache = new TtlCache<ProviderMetadata>({ name: "oidc", ...remembered });
const keysCache = new TtlCache<{ keys: KeySet; atMs: number }>({
  name: "oidc_keys",
  ...remembered,
});

/** Undefined where the options name none. */
export function findOidcClient(env: Env): OidcClient | undefined {
  const { ROCKPOOL_OIDC_ISSUER: issuer, ROCKPOOL_OIDC_CLIENT_ID: clientId } = openOptions(env);
  if (issuer === "" || clientId === "") return undefined;
  const secret = env.OIDC_SECRET?.trim();
  return { issuer, clientId, ...(secret ? { secret } : {}) };
}

/** Throws sign_in/provider_off. */
export function openOidcClient(env: Env): OidcClient {
  const client = findOidcClient(env);
  if (!client) throw new AppError("sign_in/provider_off");
  return client;
}

function openFetchOf(env: Env): OpenFetch {
  return (url) => openEgress(env, [new URL(url).origin]);
}

async function findMetadata(env: Env, { issuer }: OidcClient): Promise<ProviderMetadata> {
  const known = metadataCache.get(issuer);
  if (known) return known;
  const metadata = await loadMetadata(openFetchOf(env), issuer);
  metadataCache.set(issuer, metadata);
  return metadata;
}

async function findKeys(env: Env, url: string, isFresh: boolean): Promise<KeySet> {
  const known = keysCache.get(url);
  if (known && (!isFresh || nowMs() - known.atMs < REFRESH_MS)) return known.keys;
  const keys = await loadKeySet(openFetchOf(env), url);
  keysCache.set(url, { keys, atMs: nowMs() });
  return keys;
}

/** Where the browser goes to sign in. Throws sign_in/provider_off, sign_in/provider_away. */
export async function askProvider(env: Env, flow: Flow, redirectUri: string): Promise<string> {
  const client = openOidcClient(env);
  return authorizationUrl(await findMetadata(env, client), client, flow, redirectUri);
}

/**
 * Who came back, as the hash that is kept of an account. Throws sign_in/provider_off, sign_in/provider_refused,
 * sign_in/provider_away.
 */
export async function identify(
  env: Env,
  { verifier, nonce }: Flow,
  { code, redirectUri }: { code: string; redirectUri: string },
): Promise<string> {
  const client = openOidcClient(env);
  const { issuer, clientId } = client;
  const metadata = await findMetadata(env, client);
  const answer = { code, verifier, redirectUri };
  const token = await redeemCode(openFetchOf(env), metadata, client, answer);
  const expected = { issuer, clientId, nonce, nowMs: nowMs() };
  const loadKeys = (isFresh: boolean) => findKeys(env, metadata.jwks_uri, isFresh);
  const subject = await verifyIdToken(token, expected, loadKeys);
  return hashToken(JSON.stringify([issuer, subject]));
}
