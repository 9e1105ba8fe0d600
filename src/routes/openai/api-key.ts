/** Lets calls with an API key pass that may do what is asked. */
import type { MiddlewareHandler } from "hono";
import type { ApiScope } from "../../core/api-keys.ts";
import { AppError } from "../../core/errors.ts";
import { findCaller } from "../../do/directory-client.ts";
import type { HttpEnv } from "../../http/middleware.ts";

const BEARER = /^Bearer +(\S{1,200})$/i;

/** Sets `apiCaller`. Throws apikey/invalid without saying why, and apikey/out_of_scope. */
export function requireApiKey(scope: ApiScope): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const [, key] = BEARER.exec(c.req.header("authorization") ?? "") ?? [];
    const caller = key === undefined ? undefined : await findCaller(c.env, key);
    if (!caller) throw new AppError("apikey/invalid");
    if (!caller.scopes.includes(scope))
      throw new AppError("apikey/out_of_scope", {
        detail: `This API key has not the scope "${scope}".`,
      });
    c.set("apiCaller", caller);
    c.header("x-request-id", c.get("requestId"));
    await next();
  };
}
