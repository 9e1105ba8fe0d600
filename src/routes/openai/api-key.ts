/** Finds out whose API key a call brings; what it may do is stated by each route. */
import type { MiddlewareHandler } from "hono";
import { AppError } from "../../core/errors.ts";
import { accountKey } from "../../core/ids.ts";
import { findCaller } from "../../do/directory/directory-client.ts";
import type { HttpEnv } from "../../http/middleware.ts";
import { verifyChannel } from "../../http/permission.ts";

const ACCOUNT = accountKey("api", "main");
const BEARER = /^Bearer +(\S{1,200})$/i;

/** Sets `apiCaller`. Throws apikey/invalid without saying why, and permission/denied by a channel's grants. */
export const requireApiKey: MiddlewareHandler<HttpEnv> = async (c, next) => {
  const [, key] = BEARER.exec(c.req.header("authorization") ?? "") ?? [];
  const caller = key === undefined ? undefined : await findCaller(c.env, key);
  if (!caller) throw new AppError("apikey/invalid");
  verifyChannel(caller.speaker, ACCOUNT);
  c.set("apiCaller", caller);
  c.header("x-request-id", c.get("requestId"));
  await next();
};
