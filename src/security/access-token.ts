/**
 * Access tokens of the web page: short-lived JWTs, signed with Ed25519 under a key that its id names. Read with one
 * algorithm, issuer and audience only.
 */
import { decodeProtectedHeader, jwtVerify, SignJWT } from "jose";
import { AppError } from "../core/errors.ts";
import type { PersonId } from "../core/ids.ts";

export const ACCESS_SECONDS = 15 * 60;
/** What two machines' clocks may differ by. */
export const CLOCK_TOLERANCE_SECONDS = 10;
const ALGORITHM = "EdDSA";
const ISSUER = "rockpool";
const AUDIENCE = "console";

export interface SigningKey {
  kid: string;
  privateKey: CryptoKey;
}

/** What a token says of the one who shows it. */
export interface AccessClaims {
  personId: PersonId;
  /** The signed-in device: its session may have ended before the token does. */
  deviceId: string;
  /** When the person last proved who it is, by link, passkey, password or provider. */
  signedInAtMs: number;
}

export interface VerifiedAccess extends AccessClaims {
  issuedAtMs: number;
  expiresAtMs: number;
}

export async function createAccessToken(
  { kid, privateKey }: SigningKey,
  { personId, deviceId, signedInAtMs }: AccessClaims,
  nowMs: number,
): Promise<string> {
  const issuedAt = Math.floor(nowMs / 1000);
  return new SignJWT({ sid: deviceId, auth_time: Math.floor(signedInAtMs / 1000) })
    .setProtectedHeader({ alg: ALGORITHM, typ: "JWT", kid })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject(personId)
    .setJti(crypto.randomUUID())
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + ACCESS_SECONDS)
    .sign(privateKey);
}

/** The key that has signed a token of our own; not verified. */
export function readKeyId(token: string): string | undefined {
  return decodeProtectedHeader(token).kid;
}

/**
 * Whom the token lets in. `findKey` knows the public keys by their ids. Throws http/unauthorized for every other token,
 * without saying why; one from the future is refused like one that is over, so that a clock set back revives none.
 */
export async function verifyAccessToken(
  findKey: (kid: string) => Promise<CryptoKey | undefined>,
  token: string,
  nowMs: number,
): Promise<VerifiedAccess> {
  const openKey = async ({ kid }: { kid?: string }) => {
    const key = kid === undefined ? undefined : await findKey(kid);
    if (!key) throw new AppError("http/unauthorized");
    return key;
  };
  try {
    const { payload } = await jwtVerify(token, openKey, {
      algorithms: [ALGORITHM],
      issuer: ISSUER,
      audience: AUDIENCE,
      typ: "JWT",
      requiredClaims: ["sub", "sid", "jti", "auth_time", "iat", "exp"],
      maxTokenAge: ACCESS_SECONDS,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(nowMs),
    });
    const { sub, sid, auth_time: signedInAt, iat, exp } = payload;
    if (typeof sid !== "string" || typeof signedInAt !== "number")
      throw new AppError("http/unauthorized");
    return {
      personId: sub as PersonId, // required above, and written by createAccessToken only
      deviceId: sid,
      signedInAtMs: signedInAt * 1000,
      issuedAtMs: Number(iat) * 1000,
      expiresAtMs: Number(exp) * 1000,
    };
  } catch (cause) {
    throw new AppError("http/unauthorized", { cause });
  }
}
