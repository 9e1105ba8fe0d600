/** Sign-ins of people, as those who look after the box make and end them. Part of the admin routes: mounted at /sign-ins. */
import { type Context, Hono } from "hono";
import * as v from "valibot";
import type { PersonSummary } from "../core/admin-protocol.ts";
import { auditEvent } from "../core/audit.ts";
import { AppError } from "../core/errors.ts";
import type { PersonId } from "../core/ids.ts";
import { recordAudit } from "../do/audit/audit-client.ts";
import { dropSessions, openCredentials } from "../do/credentials/credentials-client.ts";
import { openDirectory } from "../do/directory/directory-client.ts";
import { actorOf } from "../http/actor.ts";
import { type HttpEnv, parseWith, readJson } from "../http/middleware.ts";
import { requirePermission, verifyCaller } from "../http/permission.ts";

const MAX_BODY_BYTES = 4096;
const label = v.pipe(v.string(), v.minLength(1), v.maxLength(256));
const linkSchema = v.strictObject({ person: label });

/** Throws person/unknown; permission/denied for the owner's sign-ins, which only the owner touches. */
async function openPerson(c: Context<HttpEnv>, idOrName: string): Promise<PersonSummary> {
  const person = await openDirectory(c.env).showPerson(parseWith(label, idOrName));
  if (person.role === "owner") verifyCaller(c, "owner:enrol");
  return person;
}

async function noteEnd(c: Context<HttpEnv>, subjectId: PersonId, ended: string[]): Promise<void> {
  dropSessions(ended);
  const metadata = { sessions: ended.length };
  await recordAudit(c.env, auditEvent("signin.ended", actorOf(c), metadata, { subjectId }));
}

export const adminSignIns = new Hono<HttpEnv>()
  .post("/links", requirePermission("session:manage"), async (c) => {
    const { person: idOrName } = await readJson(c.req.raw, linkSchema, MAX_BODY_BYTES);
    const { id } = await openPerson(c, idOrName);
    c.header("cache-control", "no-store");
    return c.json(await openDirectory(c.env).createOwnerLink(actorOf(c), id), 201);
  })
  .get("/:person", requirePermission("session:manage"), async (c) => {
    const { id } = await openPerson(c, c.req.param("person"));
    return c.json(await openCredentials(c.env).devices(id));
  })
  .delete("/:person", requirePermission("session:manage"), async (c) => {
    const { id } = await openPerson(c, c.req.param("person"));
    const ended = await openCredentials(c.env).endDevices(id);
    await noteEnd(c, id, ended);
    return c.json({ ended: ended.length });
  })
  .delete("/:person/:device", requirePermission("session:manage"), async (c) => {
    const { id } = await openPerson(c, c.req.param("person"));
    const only = c.req.param("device");
    const ended = await openCredentials(c.env).endDevices(id, { only });
    if (ended.length === 0) throw new AppError("sign_in/unknown_device");
    await noteEnd(c, id, ended);
    return c.json({ ended: ended.length });
  });
