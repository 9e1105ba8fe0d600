/** A signed-in device's session: renewed, and ended. Mounted at /api/session, where its cookies are sent. */
import { Hono } from "hono";
import { auditEvent } from "../core/audit.ts";
import { AppError } from "../core/errors.ts";
import type { Renewed } from "../core/sign-in-protocol.ts";
import { recordAudit } from "../do/audit/audit-client.ts";
import {
  dropSessions,
  forgetSessions,
  openCredentials,
} from "../do/credentials/credentials-client.ts";
import { actorOf } from "../http/actor.ts";
import { type HttpEnv, requireSameOrigin } from "../http/middleware.ts";
import { openToAll } from "../http/permission.ts";
import { clearSessionCookies, readShownTokens, setSessionCookies } from "../http/session-cookie.ts";
import { emit } from "../observability/emit.ts";
import { ACCESS_SECONDS } from "../security/access-token.ts";

export const session = new Hono<HttpEnv>()
  .use(requireSameOrigin)
  .post("/renew", openToAll, async (c) => {
    const shown = readShownTokens(c);
    if (!shown) throw new AppError("http/unauthorized");
    const renewed = await openCredentials(c.env).renew(shown);
    if (renewed.status === "stolen") {
      const { deviceId, personId } = renewed.ended;
      dropSessions([deviceId]);
      emit({ type: "session:stolen" });
      const about = { subjectId: personId };
      await recordAudit(c.env, auditEvent("signin.reused", actorOf(c), { deviceId }, about));
    }
    if (renewed.status !== "renewed") throw new AppError("http/unauthorized");
    forgetSessions([renewed.deviceId]);
    setSessionCookies(c, renewed.issued);
    c.header("cache-control", "no-store");
    return c.json<Renewed>({ endsInMs: ACCESS_SECONDS * 1000 });
  })
  .post("/sign-out", openToAll, async (c) => {
    const shown = readShownTokens(c);
    const ended = shown && (await openCredentials(c.env).leave(shown));
    if (ended) {
      dropSessions([ended.deviceId]);
      const actor = { ...actorOf(c), userId: ended.personId };
      await recordAudit(c.env, auditEvent("signin.ended", actor, { sessions: 1 }));
    }
    clearSessionCookies(c);
    return c.body(null, 204);
  });
