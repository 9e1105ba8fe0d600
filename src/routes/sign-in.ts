/** The ways in: by a one-time link, by name and password, by passkey. Mounted at /api. */
import { type Context, Hono } from "hono";
import * as v from "valibot";
import type { Me } from "../core/chat-protocol.ts";
import { AppError, errorCode } from "../core/errors.ts";
import type { PersonId } from "../core/ids.ts";
import type { PasswordTry, SignInMethod } from "../core/sign-in-protocol.ts";
import { openCredentials } from "../do/credentials/credentials-client.ts";
import { openDirectory } from "../do/directory/directory-client.ts";
import { actorOf } from "../http/actor.ts";
import { type HttpEnv, readJson, requireSameOrigin } from "../http/middleware.ts";
import { openToAll, requirePermission } from "../http/permission.ts";
import { readDeviceToken, requirePerson } from "../http/session-cookie.ts";
import { MAX_PASSWORD_UNITS } from "../security/password.ts";
import { beginSession } from "./begin-session.ts";
import { noteRefusedSignIn } from "./note-sign-ins.ts";
import { MAX_PASSKEY_BODY_BYTES, passkeySchema } from "./passkey-schema.ts";

const MAX_BODY_BYTES = 4096;
const tokenSchema = v.strictObject({
  token: v.pipe(v.string(), v.minLength(1), v.maxLength(512)),
  /** The person has confirmed that the link may sign in somebody else than who is signed in. */
  replace: v.exactOptional(v.boolean(), false),
});
export const passwordSchema = v.strictObject({
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(64)),
  password: v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_PASSWORD_UNITS)),
});

/** The page's own host and origin, which the check of the origin has let pass. */
export function pageOf(c: Context<HttpEnv>): { host: string; origin: string } {
  const origin = c.req.header("origin") ?? "";
  return { origin, host: URL.canParse(origin) ? new URL(origin).hostname : "" };
}

const NOTED: readonly string[] = [
  "owner/bad_token",
  "sign_in/passkey_refused",
  "sign_in/provider_refused",
  "sign_in/provider_unknown",
];

/** Runs a way in; a refusal with one of these codes is noted before it goes out. */
export async function noteRefusal<Value>(
  c: Context<HttpEnv>,
  method: SignInMethod,
  work: () => Promise<Value>,
): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    if (NOTED.includes(errorCode(error))) await noteRefusedSignIn(c, "signin.refused", method);
    throw error;
  }
}

/** Throws sign_in/refused, sign_in/throttled, sign_in/busy. */
async function tryPassword(c: Context<HttpEnv>, given: PasswordTry): Promise<PersonId> {
  const tried = await openCredentials(c.env).tryPassword(given);
  if (tried.status === "accepted") return tried.personId;
  if (tried.status === "throttled") {
    await noteRefusedSignIn(c, "signin.throttled", "password");
    throw new AppError("sign_in/throttled", { retryAfterMs: tried.retryAfterMs });
  }
  await noteRefusedSignIn(c, "signin.refused", "password");
  throw new AppError("sign_in/refused");
}

/** Who is signed in on this device, its access token being over or not. */
async function findSignedIn(c: Context<HttpEnv>): Promise<PersonId | undefined> {
  const deviceToken = readDeviceToken(c);
  return deviceToken === undefined ? undefined : openCredentials(c.env).personOn(deviceToken);
}

export const signIn = new Hono<HttpEnv>()
  .post("/sign-in", openToAll, requireSameOrigin, async (c) => {
    const { token, replace } = await readJson(c.req.raw, tokenSchema, MAX_BODY_BYTES);
    const directory = openDirectory(c.env);
    // A link of somebody else that one only clicks must not make one write in that one's name.
    const signedIn = replace ? undefined : await findSignedIn(c);
    const { id } = await noteRefusal(c, "link", async () =>
      directory.redeemOwnerToken(token, actorOf(c).ip, signedIn),
    );
    await beginSession(c, id, "link");
    return c.body(null, 204);
  })
  .post("/sign-in/password", openToAll, requireSameOrigin, async (c) => {
    const given = await readJson(c.req.raw, passwordSchema, MAX_BODY_BYTES);
    const { ip } = actorOf(c);
    const personId = await tryPassword(c, ip === null ? given : { ...given, address: ip });
    await beginSession(c, personId, "password");
    return c.body(null, 204);
  })
  .post("/sign-in/passkey/options", openToAll, requireSameOrigin, async (c) => {
    c.header("cache-control", "no-store");
    const options: unknown = await openCredentials(c.env).passkeyRequest(pageOf(c).host);
    return Response.json(options);
  })
  .post("/sign-in/passkey", openToAll, requireSameOrigin, async (c) => {
    const response = await readJson(c.req.raw, passkeySchema, MAX_PASSKEY_BODY_BYTES);
    const answer = { response, ...pageOf(c) };
    const personId = await noteRefusal(c, "passkey", async () =>
      openCredentials(c.env).usePasskey(answer),
    );
    await beginSession(c, personId, "passkey");
    return c.body(null, 204);
  })
  .get("/me", requirePerson, requirePermission("session:own"), (c) => {
    c.header("cache-control", "no-store");
    const { personId, role, name, lang } = c.get("speaker");
    const endsInMs = c.get("signedIn").expiresAtMs - Date.now();
    return c.json<Me>({ personId, role, name, lang, endsInMs });
  });
