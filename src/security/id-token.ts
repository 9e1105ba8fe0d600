/** ID tokens of the provider: who signed in there, for this box, on this way, and just now. */
import {
  createLocalJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTVerifyResult,
  jwtVerify,
} from "jose";
import { AppError } from "../core/errors.ts";
import { isSameHash } from "./codes.ts";

/** Signatures by a key pair only: none that is made with the client's secret, and no missing one. */
const ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"];
/** A token is fetched as soon as it is made. */
export const ID_TOKEN_SECONDS = 10 * 60;
/** What the provider's clock may differ by. */
export const PROVIDER_CLOCK_SECONDS = 60;
/** OpenID Connect's own bound of `sub`. */
const MAX_SUBJECT_UNITS = 255;

export interface ExpectedToken {
  issuer: string;
  clientId: string;
  nonce: string;
  nowMs: number;
}

/** The provider's public keys; fresh ones are asked for once, where those that are known do not fit. */
export type LoadKeys = (isFresh: boolean) => Promise<JSONWebKeySet>;

/** The account at the provider that the token speaks of. Throws sign_in/provider_refused, and what `loadKeys` throws. */
export async function verifyIdToken(
  token: string,
  expected: ExpectedToken,
  loadKeys: LoadKeys,
): Promise<string> {
  let verified = await tryKeys(token, expected, await loadKeys(false));
  if (verified === "unknown_key") verified = await tryKeys(token, expected, await loadKeys(true));
  if (verified === "unknown_key") throw new AppError("sign_in/provider_refused");
  const { sub = "", aud, azp, nonce } = verified.payload;
  const isOurs =
    azp === undefined ? !Array.isArray(aud) || aud.length === 1 : azp === expected.clientId;
  const isThisWay = typeof nonce === "string" && isSameHash(expected.nonce, nonce);
  if (!isOurs || !isThisWay || sub === "" || sub.length > MAX_SUBJECT_UNITS)
    throw new AppError("sign_in/provider_refused");
  return sub;
}

async function tryKeys(
  token: string,
  { issuer, clientId, nowMs }: ExpectedToken,
  keys: JSONWebKeySet,
): Promise<JWTVerifyResult | "unknown_key"> {
  try {
    return await jwtVerify(token, createLocalJWKSet(keys), {
      algorithms: ALGORITHMS,
      issuer,
      audience: clientId,
      requiredClaims: ["sub", "nonce", "iat", "exp"],
      maxTokenAge: ID_TOKEN_SECONDS,
      clockTolerance: PROVIDER_CLOCK_SECONDS,
      currentDate: new Date(nowMs),
    });
  } catch (cause) {
    if (cause instanceof errors.JWKSNoMatchingKey) return "unknown_key";
    throw new AppError("sign_in/provider_refused", { cause });
  }
}
