/**
 * The session token of the web page: a JWT that says who is signed in and until when. Signed and read with one
 * algorithm, issuer and audience only.
 */
import { jwtVerify, SignJWT } from "jose";
import { AppError } from "../core/errors.ts";
import type { PersonId } from "../core/ids.ts";

export const SESSION_SECONDS = 30 * 24 * 3600;
/** HS256 with a shorter key is no signature (RFC 7518, 3.2). */
const MIN_KEY_BYTES = 32;
const ALGORITHM = "HS256";
const ISSUER = "rockpool";
const AUDIENCE = "console";

/** The key as the host hands it over; hexadecimal text stands in for it in development and tests. */
function openCookieKey(binding: CryptoKey | string): CryptoKey | Uint8Array {
  if (typeof binding !== "string") return binding;
  const raw = Uint8Array.from(binding.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  if (raw.byteLength < MIN_KEY_BYTES) throw new TypeError("COOKIE_KEY is too short");
  return raw;
}

export async function createSessionToken(
  key: CryptoKey | string,
  personId: PersonId,
  nowMs: number,
): Promise<string> {
  const issuedAt = Math.floor(nowMs / 1000);
  return new SignJWT()
    .setProtectedHeader({ alg: ALGORITHM, typ: "JWT" })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject(personId)
    .setJti(crypto.randomUUID())
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + SESSION_SECONDS)
    .sign(openCookieKey(key));
}

/** Who the token signs in. Throws http/unauthorized for every other token, without saying why. */
export async function verifySessionToken(
  key: CryptoKey | string,
  token: string,
  nowMs: number,
): Promise<PersonId> {
  const opened = openCookieKey(key);
  try {
    const { payload } = await jwtVerify(token, opened, {
      algorithms: [ALGORITHM],
      issuer: ISSUER,
      audience: AUDIENCE,
      requiredClaims: ["sub", "iat", "exp", "jti"],
      currentDate: new Date(nowMs),
    });
    return payload.sub as PersonId; // required above, and written by createSessionToken only
  } catch (cause) {
    throw new AppError("http/unauthorized", { cause });
  }
}
