/** What a person sees and changes of the own sign-ins: devices, name and password, passkeys. Mounted at /api/me, with what else is one's own. */
import { type Context, Hono } from "hono";
import * as v from "valibot";
import { type AuditValues, auditEvent } from "../core/audit.ts";
import { AppError } from "../core/errors.ts";
import type { ExportTicket } from "../core/own-export.ts";
import type { Credentials, DeviceSummary } from "../core/sign-in-protocol.ts";
import { recordAudit } from "../do/audit/audit-client.ts";
import { dropSessions, openCredentials } from "../do/credentials/credentials-client.ts";
import { askOwnExport } from "../do/person-data/own-export.ts";
import { actorOf } from "../http/actor.ts";
import { nameDevice } from "../http/device-name.ts";
import { type HttpEnv, readJson, requireSameOrigin } from "../http/middleware.ts";
import { requirePermission } from "../http/permission.ts";
import { requirePerson } from "../http/session-cookie.ts";
import { findPasswordFault, parseSignInName } from "../security/password.ts";
import { isFresh, verifyFresh } from "./fresh-sign-in.ts";
import { myProvider } from "./my-provider.ts";
import { MAX_PASSKEY_BODY_BYTES, newPasskeySchema } from "./passkey-schema.ts";
import { pageOf, passwordSchema } from "./sign-in.ts";

const MAX_BODY_BYTES = 4096;

const newKeySchema = v.strictObject({ response: newPasskeySchema });

async function endDevices(
  c: Context<HttpEnv>,
  which: { only?: string; but?: string },
): Promise<number> {
  const { personId } = c.get("speaker");
  const ended = await openCredentials(c.env).endDevices(personId, which);
  dropSessions(ended);
  if (ended.length > 0)
    await recordAudit(c.env, auditEvent("signin.ended", actorOf(c), { sessions: ended.length }));
  return ended.length;
}

function noteEnrolment(c: Context<HttpEnv>, metadata: AuditValues): Promise<void> {
  return recordAudit(c.env, auditEvent("signin.enrolled", actorOf(c), metadata));
}

export const mySignIns = new Hono<HttpEnv>()
  .use(requireSameOrigin, requirePerson)
  .use(async (c, next) => {
    c.header("cache-control", "no-store");
    await next();
  })
  .route("/oidc", myProvider)
  .post("/export", requirePermission("data:own"), async (c) => {
    verifyFresh(c);
    const { personId } = c.get("speaker");
    const asked = { personId, kind: "ticket", askedBy: crypto.randomUUID() } as const;
    return c.json<ExportTicket>({ ticket: await askOwnExport(c.env, asked) });
  })
  .get("/devices", requirePermission("session:own"), async (c) => {
    const thisId = c.get("signedIn").device.id;
    const devices = await openCredentials(c.env).devices(c.get("speaker").personId, thisId);
    return c.json<DeviceSummary[]>(devices);
  })
  .delete("/devices", requirePermission("session:own"), async (c) => {
    return c.json({ ended: await endDevices(c, { but: c.get("signedIn").device.id }) });
  })
  .delete("/devices/:id", requirePermission("session:own"), async (c) => {
    const ended = await endDevices(c, { only: c.req.param("id") });
    if (ended === 0) throw new AppError("sign_in/unknown_device");
    return c.json({ ended });
  })
  .get("/credentials", requirePermission("session:own"), async (c) => {
    const own = await openCredentials(c.env).credentials(c.get("speaker").personId);
    return c.json<Credentials>({ ...own, canChange: isFresh(c) });
  })
  .put("/password", requirePermission("session:own"), async (c) => {
    verifyFresh(c);
    const given = await readJson(c.req.raw, passwordSchema, MAX_BODY_BYTES);
    const name = parseSignInName(given.name);
    const fault =
      name === undefined
        ? "A name begins with a letter or digit and has at most 64 characters."
        : findPasswordFault(given.password, name);
    if (name === undefined || fault !== undefined)
      throw new AppError("sign_in/bad_password", fault === undefined ? {} : { detail: fault });
    const { personId } = c.get("speaker");
    await openCredentials(c.env).setPassword(personId, { name, password: given.password });
    // Whoever knew the one before is out, also where the audit log cannot be told.
    await endDevices(c, { but: c.get("signedIn").device.id });
    await noteEnrolment(c, { what: "password", change: "set" });
    return c.body(null, 204);
  })
  .delete("/password", requirePermission("session:own"), async (c) => {
    verifyFresh(c);
    await openCredentials(c.env).removePassword(c.get("speaker").personId);
    await noteEnrolment(c, { what: "password", change: "removed" });
    return c.body(null, 204);
  })
  .post("/passkeys/options", requirePermission("session:own"), async (c) => {
    verifyFresh(c);
    const { personId: id, name } = c.get("speaker");
    const person = { id, name };
    const options: unknown = await openCredentials(c.env).passkeyCreation(person, pageOf(c).host);
    return Response.json(options);
  })
  .post("/passkeys", requirePermission("session:own"), async (c) => {
    verifyFresh(c);
    const { response } = await readJson(c.req.raw, newKeySchema, MAX_PASSKEY_BODY_BYTES);
    const name = nameDevice(c.req.header("user-agent"));
    const answer = { response, ...pageOf(c) };
    await openCredentials(c.env).addPasskey(c.get("speaker").personId, name, answer);
    await noteEnrolment(c, { what: "passkey", change: "added" });
    return c.body(null, 204);
  })
  .delete("/passkeys/:id", requirePermission("session:own"), async (c) => {
    verifyFresh(c);
    const { personId } = c.get("speaker");
    if (!(await openCredentials(c.env).removePasskey(personId, c.req.param("id"))))
      throw new AppError("sign_in/unknown_passkey");
    await noteEnrolment(c, { what: "passkey", change: "removed" });
    return c.body(null, 204);
  });
