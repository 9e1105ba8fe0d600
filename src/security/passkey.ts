/** Passkeys (WebAuthn): what a browser is asked for, and whether its answer holds. The library is loaded on first use. */
import type {
  AuthenticationResponseJSON,
  RegistrationResponseJSON,
  WebAuthnCredential,
} from "@simplewebauthn/server";
import { AppError } from "../core/errors.ts";

const BOX_NAME = "Rockpool";
/** Ed25519, ECDSA with P-256, RSA: in the order of preference. */
const ALGORITHMS = [-8, -7, -257];

/** The page that asks: a passkey belongs to its host. */
export interface PageOrigin {
  host: string;
  origin: string;
}

export interface StoredPasskey {
  id: string;
  publicKey: Uint8Array;
  counter: number;
}

/** Throws what `work` throws as sign_in/passkey_refused: an answer of another form is no passkey's either. */
async function refuseOnError<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (cause) {
    throw new AppError("sign_in/passkey_refused", { cause });
  }
}

export async function createPasskeyOptions(
  person: { id: string; name: string },
  host: string,
  challenge: string,
  knownIds: readonly string[],
): Promise<unknown> {
  const { generateRegistrationOptions } = await import("@simplewebauthn/server");
  return generateRegistrationOptions({
    rpName: BOX_NAME,
    rpID: host,
    userID: new TextEncoder().encode(person.id).slice(),
    userName: person.name,
    userDisplayName: person.name,
    challenge: new TextEncoder().encode(challenge).slice(),
    attestationType: "none",
    excludeCredentials: knownIds.map((id) => ({ id })),
    authenticatorSelection: { residentKey: "required", userVerification: "required" },
    supportedAlgorithmIDs: ALGORITHMS,
  });
}

/** The new passkey. Throws sign_in/passkey_refused. `isChallenge` tells a challenge of this box for this person. */
export async function verifyNewPasskey(
  response: unknown,
  page: PageOrigin,
  isChallenge: (challenge: string) => Promise<boolean>,
): Promise<StoredPasskey> {
  const { verifyRegistrationResponse } = await import("@simplewebauthn/server");
  return refuseOnError(async () => {
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: response as RegistrationResponseJSON, // the library looks at each field of it
      expectedChallenge: (challenge) => isChallenge(decodeChallenge(challenge)),
      expectedOrigin: page.origin,
      expectedRPID: page.host,
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    });
    if (!verified || !registrationInfo) throw new Error("not verified");
    const { id, publicKey, counter } = registrationInfo.credential;
    return { id, publicKey, counter };
  });
}

/** Names no passkey: the browser offers those that it has for this host. */
export async function requestPasskeyOptions(host: string, challenge: string): Promise<unknown> {
  const { generateAuthenticationOptions } = await import("@simplewebauthn/server");
  return generateAuthenticationOptions({
    rpID: host,
    challenge: new TextEncoder().encode(challenge).slice(),
    userVerification: "required",
  });
}

/** The passkey's counter after this use. Throws sign_in/passkey_refused, also where the counter says that it was copied. */
export async function verifyPasskey(
  response: unknown,
  page: PageOrigin,
  stored: StoredPasskey,
  isChallenge: (challenge: string) => Promise<boolean>,
): Promise<number> {
  const { verifyAuthenticationResponse } = await import("@simplewebauthn/server");
  const { id, publicKey, counter } = stored;
  const credential: WebAuthnCredential = { id, publicKey: publicKey.slice(), counter };
  return refuseOnError(async () => {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: response as AuthenticationResponseJSON, // as above
      expectedChallenge: (challenge) => isChallenge(decodeChallenge(challenge)),
      expectedOrigin: page.origin,
      expectedRPID: page.host,
      credential,
      requireUserVerification: true,
    });
    if (!verified) throw new Error("not verified");
    return authenticationInfo.newCounter;
  });
}

/** The browser hands the challenge back in base64url. */
function decodeChallenge(text: string): string {
  return atob(text.replaceAll("-", "+").replaceAll("_", "/"));
}
