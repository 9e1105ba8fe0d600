/** The people of the box: roles, grants, limits, removal. Mounted at /people of the admin routes. */
import { Hono } from "hono";
import * as v from "valibot";
import type { PersonChange } from "../core/admin-protocol.ts";
import { GRANT_KINDS } from "../core/person-access.ts";
import { MAX_QUOTA, QUOTA_NAMES } from "../core/quotas.ts";
import { ROLES } from "../core/roles.ts";
import { dropSessions, openCredentials } from "../do/credentials/credentials-client.ts";
import { forgetDirectory, openDirectory } from "../do/directory/directory-client.ts";
import { exportPerson } from "../do/person-data/export-person.ts";
import { findErasable } from "../do/person-data/find-erasable.ts";
import { findExportable } from "../do/person-data/find-exportable.ts";
import { actorOf } from "../http/actor.ts";
import { type HttpEnv, readJson } from "../http/middleware.ts";
import { callerRank, requirePermission, verifyCaller } from "../http/permission.ts";
import { streamChunks } from "../http/stream-chunks.ts";

const MAX_BODY_BYTES = 4096;

const kind = v.picklist(GRANT_KINDS);
const value = v.pipe(v.string(), v.regex(/^[^\s,\p{Cc}]{1,200}$/u));
const limit = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(MAX_QUOTA));

const changeSchema: v.GenericSchema<unknown, PersonChange> = v.variant("what", [
  v.strictObject({ what: v.literal("role"), role: v.picklist(ROLES) }),
  v.strictObject({ what: v.literal("grant"), kind, value }),
  v.strictObject({ what: v.literal("revoke"), kind, value }),
  v.strictObject({
    what: v.literal("limit"),
    name: v.picklist(QUOTA_NAMES),
    value: v.exactOptional(v.nullable(limit)),
  }),
]);

export const adminPeople = new Hono<HttpEnv>()
  .get("/", requirePermission("person:read"), async (c) =>
    c.json(await openDirectory(c.env).people()),
  )
  .get("/:person", requirePermission("person:read"), async (c) =>
    c.json(await openDirectory(c.env).showPerson(c.req.param("person"))),
  )
  .post("/:person", requirePermission("person:write"), async (c) => {
    const change = await readJson(c.req.raw, changeSchema, MAX_BODY_BYTES);
    const person = c.req.param("person");
    try {
      const directory = openDirectory(c.env);
      return c.json(
        (await directory.changePerson(person, change, callerRank(c), actorOf(c))).after,
      );
    } finally {
      // It stands also where its entry of the audit log has to wait.
      forgetDirectory();
    }
  })
  .post("/:person/erase", requirePermission("person:erase"), async (c) => {
    const personId = await findErasable(c.env, c.req.param("person"), callerRank(c));
    await c.env.ERASURE.getByName(personId).start({ personId, by: actorOf(c) });
    return c.json({ personId }, 202);
  })
  .get("/:id{[0-9a-f-]{36}}/erasure", requirePermission("person:erase"), async (c) =>
    c.json(await c.env.ERASURE.getByName(c.req.param("id")).state()),
  )
  .get("/:person/export", requirePermission("person:export"), async (c) => {
    const person = await findExportable(c.env, c.req.param("person"));
    // What the owner has said is the owner's to hand out.
    if (person.role === "owner") verifyCaller(c, "owner:enrol");
    const archive = await exportPerson(c.env, person, actorOf(c));
    return c.body(streamChunks(archive), 200, { "content-type": "application/x-tar" });
  })
  .delete("/:person", requirePermission("person:write"), async (c) => {
    const { id } = await openDirectory(c.env).showPerson(c.req.param("person"));
    try {
      return c.json(await openDirectory(c.env).removePerson(id, callerRank(c), actorOf(c)));
    } finally {
      forgetDirectory();
      // Whoever is gone, also where the entry of the audit log has to wait.
      if (!(await openDirectory(c.env).person(id)))
        dropSessions(await openCredentials(c.env).forget(id));
    }
  });
