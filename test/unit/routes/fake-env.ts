/**
 * The Worker's bindings for tests of routes in plain Node: a directory with one owner and one link, a session that
 * keeps what it is told, and the console's files.
 */

import { AppError } from "../../../src/core/errors.ts";
import type { PersonId } from "../../../src/core/ids.ts";
import type { AcceptOutcome, AcceptRequest, NewFile } from "../../../src/core/session-protocol.ts";
import type { DeviceSession } from "../../../src/core/sign-in-protocol.ts";
import { noteAccessToken } from "../../../src/do/credentials/credentials-client.ts";
import type { Env } from "../../../src/env.ts";
import { createAccessToken } from "../../../src/security/access-token.ts";
import { encodeBase64 } from "../../../src/security/signature.ts";

export const OWNER_ID = "0190a000-0000-7000-8000-000000000001" as PersonId;
/** Another one: the isolate remembers where a linked conversation went, for good. */
export const LINKED_ID = "0190a000-0000-7000-8000-000000000002" as PersonId;
export const OWNER_TOKEN = "the-one-time-token";
export const STORED_FILE_ID = "0190a000-0000-7000-8000-0000000000f1";

export interface FakeEnv {
  env: Env;
  /** Everything that the session accepted. */
  accepted: AcceptRequest[];
  /** Names of the objects that were asked, and the arguments of snapshot and history. */
  asked: { session: string; call: string; args: unknown[] }[];
  kept: NewFile[];
  /** What the next accepts answer. */
  outcome: AcceptOutcome;
  /** Where the person's conversation goes on, when it was linked. */
  movedTo: string | undefined;
  storedMime: string;
}

function textStream(text: string): ReadableStream<Uint8Array> {
  return new Blob([text]).stream();
}

function createSession(state: FakeEnv, session: string) {
  const ask = <Value>(call: string, args: unknown[], value: () => Value) => {
    state.asked.push({ session, call, args });
    const isMoved = state.movedTo !== undefined && session !== state.movedTo;
    return Promise.resolve(
      isMoved ? { status: "moved", to: state.movedTo, isSettled: true } : value(),
    );
  };
  return {
    accept: (request: AcceptRequest) =>
      ask("accept", [], () => {
        if (state.outcome.status !== "full") state.accepted.push(request);
        return state.outcome;
      }),
    snapshot: (after: number | undefined) =>
      ask("snapshot", [after], () => ({ status: "snapshot", messages: [] })),
    history: (before: number | undefined, limit: number) =>
      ask("history", [before, limit], () => ({ status: "page", messages: [], more: false })),
    storeFile: (file: NewFile) =>
      ask("storeFile", [], () => {
        state.kept.push(file);
        return { kind: file.kind, fileId: STORED_FILE_ID, name: file.name, mime: file.mime };
      }),
    openFile: (id: string) =>
      ask("openFile", [id], () => {
        if (id !== STORED_FILE_ID) throw new AppError("file/unknown");
        const body = textStream("bytes");
        return { name: 'a "b".svg', mime: state.storedMime, sizeBytes: 5, body };
      }),
  };
}

function createDirectory() {
  let isRedeemed = false;
  const owner = { id: OWNER_ID, role: "owner", name: "Owner", lang: "en" } as const;
  return {
    person: (id: PersonId) =>
      Promise.resolve(id === OWNER_ID || id === LINKED_ID ? { ...owner, id } : undefined),
    redeemOwnerToken(token: string) {
      if (token !== OWNER_TOKEN || isRedeemed) throw new AppError("owner/bad_token");
      isRedeemed = true;
      return Promise.resolve(owner);
    },
  };
}

/** Sessions in memory, their tokens real. */
function createCredentials() {
  const sessions = new Map<string, DeviceSession>();
  const kid = crypto.randomUUID();
  const pair = crypto.subtle.generateKey("Ed25519", true, [
    "sign",
    "verify",
  ]) as Promise<CryptoKeyPair>; // Ed25519 makes a pair
  const begin = async ({ personId }: { personId: PersonId }) => {
    const deviceId = crypto.randomUUID();
    const nowMs = Date.now();
    sessions.set(deviceId, { personId, homeId: personId, issuedAtMs: nowMs });
    const { privateKey } = await pair;
    const claims = { personId, deviceId, signedInAtMs: nowMs };
    const accessToken = await createAccessToken({ kid, privateKey }, claims, nowMs);
    const issued = { accessToken, refreshToken: `${deviceId}.refresh`, deviceToken: "device" };
    return { issued, ended: [] };
  };
  return {
    begin,
    session: (id: string) => Promise.resolve(sessions.get(id)),
    verifyKeys: async () => {
      const raw = await crypto.subtle.exportKey("raw", (await pair).publicKey);
      return [{ kid, publicKey: encodeBase64(new Uint8Array(raw as ArrayBuffer)) }];
    },
  };
}

/** The cookie of a person who is signed in. */
export async function cookieOf({ env }: FakeEnv, personId: PersonId): Promise<string> {
  const begun = { personId, method: "link", deviceName: "Test" } as const;
  const { issued } = await env.CREDENTIALS.getByName("credentials").begin(begun);
  noteAccessToken(issued.accessToken); // as the routes that sign in do
  return `rockpool_session=${issued.accessToken}`;
}

function createAssets(files: Record<string, string>) {
  return {
    fetch: (url: string) => {
      const found = files[new URL(url).pathname];
      const headers = { "content-type": "application/octet-stream" };
      return Promise.resolve(new Response(found ?? null, { status: found ? 200 : 404, headers }));
    },
  };
}

export function createFakeEnv(
  vars: Partial<Env> = {},
  files: Record<string, string> = {},
): FakeEnv {
  const directory = createDirectory();
  const credentials = createCredentials();
  const bindings = {
    AUDIT: { getByName: () => ({ append: () => Promise.resolve() }) },
    CREDENTIALS: { getByName: () => credentials },
    DIRECTORY: { getByName: () => directory },
    SESSION: { getByName: (name: string) => createSession(state, name) },
    QUOTA: { getByName: () => ({ spent: async () => [], wake: async () => undefined }) },
    ASSETS: createAssets(files),
    ...vars,
  };
  const state: FakeEnv = {
    env: bindings as unknown as Env, // only the bindings that these routes use
    accepted: [],
    asked: [],
    kept: [],
    outcome: { status: "accepted" },
    movedTo: undefined,
    storedMime: "image/png",
  };
  return state;
}
