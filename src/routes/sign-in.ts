/** Signing in by an owner link, signing out, and who one is. Mounted at /api. */
import { Hono } from "hono";
import * as v from "valibot";
import type { Me } from "../core/chat-protocol.ts";
import { errorCode } from "../core/errors.ts";
import type { PersonId } from "../core/ids.ts";
import type { Env } from "../env.ts";
import { type HttpEnv, readJson, requireSameOrigin } from "../http/middleware.ts";
import { openToAll, requirePermission } from "../http/permission.ts";
import { clearSessionCookie, requirePerson, setSessionCookie } from "../http/session-cookie.ts";
import { emit } from "../observability/emit.ts";

const MAX_BODY_BYTES = 4096;
const tokenSchema = v.strictObject({
  token: v.pipe(v.string(), v.minLength(1), v.maxLength(512)),
});

/** Throws owner/bad_token. */
async function redeem(env: Env, token: string): Promise<PersonId> {
  try {
    const { id } = await env.DIRECTORY.getByName("directory").redeemOwnerToken(token);
    emit({ type: "sign_in", outcome: "accepted" });
    return id;
  } catch (error) {
    if (errorCode(error) === "owner/bad_token") emit({ type: "sign_in", outcome: "refused" });
    throw error;
  }
}

export const signIn = new Hono<HttpEnv>()
  .post("/sign-in", openToAll, requireSameOrigin, async (c) => {
    const { token } = await readJson(c.req.raw, tokenSchema, MAX_BODY_BYTES);
    await setSessionCookie(c, await redeem(c.env, token));
    return c.body(null, 204);
  })
  .post("/sign-out", openToAll, requireSameOrigin, (c) => {
    clearSessionCookie(c);
    return c.body(null, 204);
  })
  .get("/me", requirePerson, requirePermission("session:own"), (c) => {
    c.header("cache-control", "no-store");
    return c.json<Me>(c.get("speaker"));
  });
