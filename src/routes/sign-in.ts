/** The ways in: by a one-time link. Mounted at /api. */
import { type Context, Hono } from "hono";
import * as v from "valibot";
import type { Me } from "../core/chat-protocol.ts";
import { errorCode } from "../core/errors.ts";
import type { PersonId } from "../core/ids.ts";
import { openDirectory } from "../do/directory-client.ts";
import { actorOf } from "../http/actor.ts";
import { type HttpEnv, readJson, requireSameOrigin } from "../http/middleware.ts";
import { openToAll, requirePermission } from "../http/permission.ts";
import { requirePerson } from "../http/session-cookie.ts";
import { beginSession, refuseSignIn } from "./begin-session.ts";

const MAX_BODY_BYTES = 4096;
const tokenSchema = v.strictObject({
  token: v.pipe(v.string(), v.minLength(1), v.maxLength(512)),
});

/** Throws owner/bad_token. */
async function redeem(c: Context<HttpEnv>, token: string): Promise<PersonId> {
  try {
    const { id } = await openDirectory(c.env).redeemOwnerToken(token, actorOf(c).ip);
    return id;
  } catch (error) {
    if (errorCode(error) === "owner/bad_token") await refuseSignIn(c, "link");
    throw error;
  }
}

export const signIn = new Hono<HttpEnv>()
  .post("/sign-in", openToAll, requireSameOrigin, async (c) => {
    const { token } = await readJson(c.req.raw, tokenSchema, MAX_BODY_BYTES);
    await beginSession(c, await redeem(c, token), "link");
    return c.body(null, 204);
  })
  .get("/me", requirePerson, requirePermission("session:own"), (c) => {
    c.header("cache-control", "no-store");
    const { personId, role, name, lang } = c.get("speaker");
    const endsInMs = c.get("signedIn").expiresAtMs - Date.now();
    return c.json<Me>({ personId, role, name, lang, endsInMs });
  });
