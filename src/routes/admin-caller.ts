/** Who calls the admin listener: a program by its API key, or a signed-in person from a page of this very address. */
import type { MiddlewareHandler } from "hono";
import { type HttpEnv, verifySameOrigin } from "../http/middleware.ts";
import { requirePerson } from "../http/session-cookie.ts";
import { requireApiKey } from "./openai/api-key.ts";

/** Throws http/unauthorized, apikey/invalid and http/forbidden. What the caller may do is stated by each route. */
export const requireAdminCaller: MiddlewareHandler<HttpEnv> = async (c, next) => {
  if (c.req.header("authorization") !== undefined) return requireApiKey(c, next);
  // Its cookie comes along from other ports of this host, too.
  verifySameOrigin(c.req.raw, undefined);
  return requirePerson(c, next);
};
