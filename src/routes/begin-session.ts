/** How every way in ends: in a session of the person on this device, in place of the one that it had. */
import type { Context } from "hono";
import { auditEvent } from "../core/audit.ts";
import type { PersonId } from "../core/ids.ts";
import type { SignInMethod } from "../core/sign-in-protocol.ts";
import { recordAudit } from "../do/audit/audit-client.ts";
import { dropSessions, openCredentials } from "../do/credentials/credentials-client.ts";
import { actorOf } from "../http/actor.ts";
import { nameDevice } from "../http/device-name.ts";
import type { HttpEnv } from "../http/middleware.ts";
import { readDeviceToken, setSessionCookies } from "../http/session-cookie.ts";
import { emit } from "../observability/emit.ts";
import { tellRefusedSignIns } from "./note-sign-ins.ts";

export async function beginSession(
  c: Context<HttpEnv>,
  personId: PersonId,
  method: SignInMethod,
): Promise<void> {
  const replaces = readDeviceToken(c);
  const deviceName = nameDevice(c.req.header("user-agent"));
  const { issued, ended } = await openCredentials(c.env).begin({
    personId,
    method,
    deviceName,
    ...(replaces === undefined ? {} : { replaces }),
  });
  dropSessions(ended);
  const actor = { ...actorOf(c), userId: personId };
  await tellRefusedSignIns(c);
  await recordAudit(c.env, auditEvent("signin.accepted", actor, { method, device: deviceName }));
  setSessionCookies(c, issued);
  emit({ type: "sign_in", outcome: "accepted" });
}
