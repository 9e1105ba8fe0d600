/** The way in by an account at the provider that its person has linked. Mounted at /api/sign-in. */
import { type Context, Hono } from "hono";
import { AppError } from "../core/errors.ts";
import type { PersonId } from "../core/ids.ts";
import type { SignInWays } from "../core/sign-in-protocol.ts";
import { openCredentials } from "../do/credentials/credentials-client.ts";
import { findOidcClient, openOidcClient } from "../do/credentials/oidc.ts";
import { actorOf } from "../http/actor.ts";
import { type HttpEnv, requireSameOrigin } from "../http/middleware.ts";
import { openToAll } from "../http/permission.ts";
import { beginSession } from "./begin-session.ts";
import { noteRefusedSignIn } from "./note-sign-ins.ts";
import { beginFlow, endFlow } from "./provider-flow.ts";
import { noteRefusal } from "./sign-in.ts";

const PURPOSE = "sign-in";

/** Throws sign_in/throttled. */
async function takeTry(c: Context<HttpEnv>): Promise<void> {
  const retryAfterMs = await openCredentials(c.env).takeTry(actorOf(c).ip ?? "");
  if (retryAfterMs === 0) return;
  await noteRefusedSignIn(c, "signin.throttled", "oidc");
  throw new AppError("sign_in/throttled", { retryAfterMs });
}

/** Throws sign_in/provider_unknown. */
async function findLinked(c: Context<HttpEnv>): Promise<PersonId> {
  const personId = await openCredentials(c.env).findLinked(await endFlow(c, PURPOSE));
  if (personId === undefined) throw new AppError("sign_in/provider_unknown");
  return personId;
}

export const providerSignIn = new Hono<HttpEnv>()
  .get("/ways", openToAll, (c) => {
    const client = findOidcClient(c.env);
    c.header("cache-control", "no-store");
    return c.json<SignInWays>(client ? { provider: new URL(client.issuer).host } : {});
  })
  .post("/oidc/start", openToAll, requireSameOrigin, async (c) => {
    openOidcClient(c.env);
    await takeTry(c);
    return beginFlow(c, PURPOSE);
  })
  .post("/oidc", openToAll, requireSameOrigin, async (c) => {
    openOidcClient(c.env);
    await takeTry(c);
    const personId = await noteRefusal(c, "oidc", () => findLinked(c));
    await openCredentials(c.env).giveBackTries(actorOf(c).ip ?? "");
    await beginSession(c, personId, "oidc");
    return c.body(null, 204);
  });
