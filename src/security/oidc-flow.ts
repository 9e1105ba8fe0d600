/**
 * One way to the provider and back. The browser keeps a random head in a cookie; state, nonce and PKCE verifier are made
 * of it by the box's secret, so that nothing is stored before the answer, and no other browser's answer fits.
 */
import { base64url } from "jose";
import { vouch } from "./box-secret.ts";
import { hashToken, isSameHash } from "./codes.ts";

/** Time for signing in at the provider. */
export const FLOW_MS = 10 * 60_000;

export interface Flow {
  /** Begins with what the way is for: `sign-in.` or `link.`, so that the page knows. */
  state: string;
  nonce: string;
  /** PKCE's: told to the provider's token endpoint only. */
  verifier: string;
  /** PKCE's, of the method S256. */
  challenge: string;
}

/** What the browser keeps. */
export function createFlowHead(nowMs: number): string {
  return `${nowMs + FLOW_MS}.${crypto.randomUUID()}`;
}

/** `purpose`: `sign-in`, or `link:` and whose account it will be. */
export async function deriveFlow(secret: CryptoKey, purpose: string, head: string): Promise<Flow> {
  const derive = async (part: string) =>
    base64url.encode(await vouch(secret, `oidc:${part}:${purpose}:${head}`));
  const verifier = await derive("verifier");
  return {
    state: `${purpose.split(":")[0]}.${await derive("state")}`,
    nonce: await derive("nonce"),
    verifier,
    challenge: await hashToken(verifier),
  };
}

/** Undefined where the state is not of this browser, of another purpose, or over. */
export async function verifyFlow(
  secret: CryptoKey,
  purpose: string,
  shown: { head: string; state: string },
  nowMs: number,
): Promise<(Flow & { expiresAtMs: number }) | undefined> {
  if (!/^\d{1,16}\.[0-9a-f-]{36}$/.test(shown.head)) return undefined;
  const flow = await deriveFlow(secret, purpose, shown.head);
  const expiresAtMs = Number.parseInt(shown.head, 10);
  const isNow = nowMs < expiresAtMs && nowMs >= expiresAtMs - 2 * FLOW_MS;
  return isNow && isSameHash(flow.state, shown.state) ? { ...flow, expiresAtMs } : undefined;
}
