/** Every call of the administration stands in the access log, whoever made it and however it ended. */
import type { MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import { errorCode, errorSpec } from "../core/errors.ts";
import { openAudit } from "../do/audit/audit-client.ts";
import { actorOf } from "../http/actor.ts";
import type { HttpEnv } from "../http/middleware.ts";

/** The box's own program reports every ten minutes: that is nobody's access. */
const OWN_ROUTES = new Set(["/host", "/leave"]);

export const noteAccess: MiddlewareHandler<HttpEnv> = async (c, next) => {
  await next();
  const route = routePath(c, -1);
  if (OWN_ROUTES.has(route)) return;
  const status = c.error ? errorSpec(errorCode(c.error)).status : c.res.status;
  const { method } = c.req;
  const atMs = Date.now();
  const noted = openAudit(c.env).noteAccess({ ...actorOf(c), method, route, status, atMs });
  // The answer does not wait, and does not fail with it.
  c.executionCtx.waitUntil(noted.catch(() => undefined));
};
