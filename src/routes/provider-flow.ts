/** The way to the provider and back, for signing in and for linking: a cookie binds both ends to one browser. */
import type { Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import * as v from "valibot";
import { RETURN_PATH } from "../core/console-views.ts";
import { AppError } from "../core/errors.ts";
import { openCredentials } from "../do/credentials/credentials-client.ts";
import { askProvider, identify, openOidcClient } from "../do/credentials/oidc.ts";
import { type HttpEnv, readJson } from "../http/middleware.ts";
import { isSecureCall } from "../http/secure-transport.ts";
import { openBoxSecret } from "../security/box-secret.ts";
import { createFlowHead, deriveFlow, FLOW_MS, verifyFlow } from "../security/oidc-flow.ts";
import { pageOf } from "./sign-in.ts";

const COOKIE = "rockpool_oidc";
const COOKIE_PATH = "/api";
const MAX_BODY_BYTES = 8192;

const answerSchema = v.strictObject({
  code: v.pipe(v.string(), v.minLength(1), v.maxLength(4096)),
  state: v.pipe(v.string(), v.minLength(1), v.maxLength(200)),
  iss: v.optional(v.pipe(v.string(), v.maxLength(500))),
});

function setFlowCookie(c: Context<HttpEnv>, head: string): void {
  const secure = isSecureCall(new URL(c.req.url), c.env.ROCKPOOL_PUBLIC_URL);
  const lasting = { path: COOKIE_PATH, maxAge: FLOW_MS / 1000 };
  setCookie(c, COOKIE, head, { httpOnly: true, sameSite: "Strict", secure, ...lasting });
}

/** The page at which the provider's answer comes in; it hands it on by a call of its own, with all its cookies. */
function redirectUriOf(c: Context<HttpEnv>): string {
  return `${pageOf(c).origin}${RETURN_PATH}`;
}

/** Answers where the page goes. Throws sign_in/provider_off, sign_in/provider_away. */
export async function beginFlow(c: Context<HttpEnv>, purpose: string): Promise<Response> {
  const head = createFlowHead(Date.now());
  const flow = await deriveFlow(await openBoxSecret(c.env.BOX_SECRET), purpose, head);
  const location = await askProvider(c.env, flow, redirectUriOf(c));
  setFlowCookie(c, head);
  c.header("cache-control", "no-store");
  return c.json({ location });
}

/** The account that came back, as its hash. Throws sign_in/provider_off, sign_in/provider_refused, sign_in/provider_away. */
export async function endFlow(c: Context<HttpEnv>, purpose: string): Promise<string> {
  const { issuer } = openOidcClient(c.env);
  const { code, state, iss = issuer } = await readJson(c.req.raw, answerSchema, MAX_BODY_BYTES);
  const secret = await openBoxSecret(c.env.BOX_SECRET);
  const shown = { head: getCookie(c, COOKIE) ?? "", state };
  const flow = await verifyFlow(secret, purpose, shown, Date.now());
  if (!flow || iss !== issuer) throw new AppError("sign_in/provider_refused");
  if (!(await openCredentials(c.env).spendFlow(flow.state, flow.expiresAtMs)))
    throw new AppError("sign_in/provider_refused");
  return identify(c.env, flow, { code, redirectUri: redirectUriOf(c) });
}
