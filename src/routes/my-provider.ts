/** The own account at the provider, linked and unlinked. Part of /api/me: mounted there at /oidc. */
import { type Context, Hono } from "hono";
import { auditEvent } from "../core/audit.ts";
import { recordAudit } from "../do/audit/audit-client.ts";
import { openCredentials } from "../do/credentials/credentials-client.ts";
import { actorOf } from "../http/actor.ts";
import type { HttpEnv } from "../http/middleware.ts";
import { requirePermission } from "../http/permission.ts";
import { verifyFresh } from "./fresh-sign-in.ts";
import { beginFlow, endFlow } from "./provider-flow.ts";

function purposeOf(c: Context<HttpEnv>): string {
  return `link:${c.get("speaker").personId}`;
}

function noteChange(c: Context<HttpEnv>, change: "linked" | "unlinked"): Promise<void> {
  return recordAudit(
    c.env,
    auditEvent("signin.enrolled", actorOf(c), { what: "provider", change }),
  );
}

export const myProvider = new Hono<HttpEnv>()
  .post("/start", requirePermission("session:own"), async (c) => {
    verifyFresh(c);
    return beginFlow(c, purposeOf(c));
  })
  .post("/", requirePermission("session:own"), async (c) => {
    verifyFresh(c);
    const account = await endFlow(c, purposeOf(c));
    await openCredentials(c.env).linkAccount(c.get("speaker").personId, account);
    await noteChange(c, "linked");
    return c.body(null, 204);
  })
  .delete("/", requirePermission("session:own"), async (c) => {
    verifyFresh(c);
    await openCredentials(c.env).unlinkAccount(c.get("speaker").personId);
    await noteChange(c, "unlinked");
    return c.body(null, 204);
  });
