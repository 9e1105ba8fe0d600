/** Signing in and signed-in devices: what page, command, routes and the credentials object say to each other. Pure. */
import type { PersonId } from "./ids.ts";

/** How somebody proved who it is. */
export const SIGN_IN_METHODS = ["link", "password", "passkey", "oidc"] as const;

export type SignInMethod = (typeof SIGN_IN_METHODS)[number];

/** Whose session begins, and on what. */
export interface BeginSession {
  personId: PersonId;
  method: SignInMethod;
  /** What the device is called in lists. */
  deviceName: string;
  /** The device's token of an earlier session, which ends. */
  replaces?: string;
}

/** What a device is handed: it goes into cookies and nowhere else. */
export interface IssuedSession {
  accessToken: string;
  refreshToken: string;
  deviceToken: string;
}

/** What a device shows of what it was handed. */
export interface ShownTokens {
  refreshToken: string;
  deviceToken?: string;
}

/** `stolen` has ended the session of that device. */
export type SessionRenewed =
  | { status: "renewed"; deviceId: string; issued: IssuedSession }
  | { status: "refused" }
  | { status: "stolen"; ended: EndedSession };

/** POST /api/session/renew. */
export interface Renewed {
  endsInMs: number;
}

export interface EndedSession {
  deviceId: string;
  personId: PersonId;
}

/** A session in force, as each call asks for it. */
export interface DeviceSession {
  personId: PersonId;
  /** Whose web conversation the device shows: it stays when people turn out to be one. */
  homeId: PersonId;
  /** When the newest access token was made: much older ones are over, whatever the clock says. */
  issuedAtMs: number;
}

/** GET /api/me/devices answers a list of these, as does the admin socket. */
export interface DeviceSummary {
  id: string;
  name: string;
  method: SignInMethod;
  signedInAtMs: number;
  lastSeenAtMs: number;
  /** True for the device that asks. */
  isThis: boolean;
}

/** A public key of access tokens. */
export interface VerifyKey {
  kid: string;
  /** 32 bytes, Base64. */
  publicKey: string;
}

/** POST /api/sign-in/password; PUT /api/me/password. */
export interface NameAndPassword {
  name: string;
  password: string;
}

/** A try of a password, and where it comes from. */
export interface PasswordTry extends NameAndPassword {
  /** Undefined where the address is not known. */
  address?: string;
}

export type PasswordTried =
  | { status: "accepted"; personId: PersonId }
  | { status: "refused" }
  | { status: "throttled"; retryAfterMs: number };

export interface PasskeySummary {
  id: string;
  name: string;
  /** The host that it belongs to: it opens no other. */
  host: string;
  createdAtMs: number;
  usedAtMs?: number;
}

/** GET /api/sign-in/ways: what there is besides links, passwords and passkeys. */
export interface SignInWays {
  /** Host of the provider; absent where there is none. */
  provider?: string;
}

/** POST /api/sign-in/oidc/start, POST /api/me/oidc/start: where the page goes. */
export interface ProviderStart {
  location: string;
}

/** GET /api/me/credentials. */
export interface Credentials {
  /** What is typed to sign in by password; absent where there is none. */
  name?: string;
  passkeys: PasskeySummary[];
  /** When the account at the provider was linked; absent where none is. */
  linkedAtMs?: number;
  /** False where changing them asks for signing in anew. */
  canChange: boolean;
}

/** An answered challenge of a passkey: what the browser gave, and the page's own host and origin. */
export interface PasskeyAnswer {
  response: unknown;
  host: string;
  origin: string;
}
