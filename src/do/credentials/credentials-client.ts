/**
 * The credentials object as routes ask it: which sessions are in force is remembered in the isolate for a minute, and
 * public keys for as long as they are good. A session that ends here ends at once; on another machine within the minute.
 */
import { TtlCache } from "../../cache/ttl-cache.ts";
import { AppError, errorCode } from "../../core/errors.ts";
import type { PersonId } from "../../core/ids.ts";
import type { Speaker } from "../../core/session-protocol.ts";
import type { DeviceSession } from "../../core/sign-in-protocol.ts";
import type { Env } from "../../env.ts";
import { emit } from "../../observability/emit.ts";
import { describeError } from "../../observability/redact.ts";
import { ACCESS_SECONDS, readKeyId, verifyAccessToken } from "../../security/access-token.ts";
import { decodeBase64 } from "../../security/signature.ts";
import { findPerson } from "../directory/directory-client.ts";
import { letGoDevices } from "../session/audience.ts";
import type { CredentialsObject } from "./credentials.ts";
import { VerifyKeys } from "./verify-keys.ts";

const REMEMBER_MS = 60_000;
const MAX_REMEMBERED = 10_000;

const sessions = new TtlCache<DeviceSession>({
  name: "devices",
  ttlMs: REMEMBER_MS,
  maxEntries: MAX_REMEMBERED,
  nowMs: () => Date.now(),
});
const verifyKeys = new VerifyKeys({
  nowMs: () => Date.now(),
  wait: (ms) => scheduler.wait(ms),
});

export function openCredentials(env: Env): DurableObjectStub<CredentialsObject> {
  return env.CREDENTIALS.getByName("credentials");
}

async function loadVerifyKeys(env: Env): Promise<(readonly [string, CryptoKey])[]> {
  const current = await openCredentials(env).verifyKeys();
  return Promise.all(
    current.map(async ({ kid, publicKey }) => {
      const raw = decodeBase64(publicKey)?.slice() ?? new Uint8Array(0);
      const key = await crypto.subtle.importKey("raw", raw, { name: "Ed25519" }, false, ["verify"]);
      return [kid, key] as const;
    }),
  );
}

/** Opens calls from now on, whichever key has signed it. */
export function noteAccessToken(token: string): void {
  const kid = readKeyId(token);
  if (kid !== undefined) verifyKeys.noteSigned(kid);
}

/** Undefined for a session that has ended. */
async function findSession(env: Env, deviceId: string): Promise<DeviceSession | undefined> {
  const kept = sessions.get(deviceId);
  if (kept) return kept;
  const value = await openCredentials(env).session(deviceId);
  if (value) sessions.set(deviceId, value);
  return value;
}

/** After sessions began anew, were renewed, or ended. */
export function forgetSessions(deviceIds: readonly string[]): void {
  for (const id of deviceIds) sessions.delete(id);
}

/** Sessions have ended: what their devices read along ends too. */
export function dropSessions(deviceIds: readonly string[]): void {
  forgetSessions(deviceIds);
  letGoDevices(deviceIds);
}

/**
 * Two people turned out to be one: what signs the one in is the other's from now on. Where this does not get through, it
 * is made good when a device of the old id is next seen.
 */
export async function followPerson(
  env: Env,
  { from, into }: { from: PersonId; into: PersonId },
): Promise<void> {
  if (from === into) return;
  try {
    await openCredentials(env).follow(from, into);
  } catch (error) {
    emit({
      type: "fault",
      where: "credentials:follow",
      code: errorCode(error),
      cause: describeError(error),
    });
  }
  sessions.clear();
}

export interface SignedIn {
  speaker: Speaker;
  device: { id: string; signedInAtMs: number };
  /** Whose web conversation this device shows. */
  homeId: PersonId;
  /** When the access token is over. */
  expiresAtMs: number;
}

/**
 * Whom an access token lets in. Throws http/unauthorized for one that is not good, for a session that has ended, and
 * for a person who is no longer known. A token much older than the newest of its device is over whatever the clock says.
 */
export async function verifyAccess(env: Env, token: string): Promise<SignedIn> {
  const findKey = (kid: string) => verifyKeys.find(kid, () => loadVerifyKeys(env));
  const access = await verifyAccessToken(findKey, token, Date.now());
  const session = await findSession(env, access.deviceId);
  const isOver = session && access.issuedAtMs < session.issuedAtMs - ACCESS_SECONDS * 1000;
  const person = session && !isOver ? await findPerson(env, session.personId) : undefined;
  if (!session || !person) throw new AppError("http/unauthorized");
  if (person.id !== session.personId)
    await followPerson(env, { from: session.personId, into: person.id });
  const { id: personId, ...rest } = person;
  return {
    speaker: { personId, ...rest },
    device: { id: access.deviceId, signedInAtMs: access.signedInAtMs },
    homeId: session.homeId,
    expiresAtMs: access.expiresAtMs,
  };
}
