/** Who makes a call, as the audit log names it. */
import type { Context } from "hono";
import type { AuditActor } from "../core/audit.ts";
import { clientAddress } from "../security/client-address.ts";
import type { HttpEnv } from "./middleware.ts";

/** Over the admin socket it is the owner: named where there is one; nobody can tell which one of several. */
export function actorOf(c: Context<HttpEnv>): AuditActor {
  const person = c.get("speaker") ?? c.get("apiCaller")?.speaker;
  const userId = person?.personId ?? c.get("ownerId") ?? null;
  return { userId, ip: clientAddress(c.req.raw, c.env.ROCKPOOL_TRUSTED_PROXIES) ?? null };
}
