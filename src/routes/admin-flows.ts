/** The flows of the box, as the rockpool command adds, lists and removes them over the admin socket. */
import { Hono } from "hono";
import * as v from "valibot";
import { AppError } from "../core/errors.ts";
import { forgetDirectory, openDirectory } from "../do/directory/directory-client.ts";
import { parseDefinition } from "../flows/definition.ts";
import { actorOf } from "../http/actor.ts";
import { type HttpEnv, readJson } from "../http/middleware.ts";
import { requirePermission } from "../http/permission.ts";

/** A flow's file has at most 64 KB; as JSON it may be several times as long. */
const MAX_BODY_BYTES = 512 * 1024;

const bodySchema = v.strictObject({ definition: v.unknown() });

export const adminFlows = new Hono<HttpEnv>()
  .get("/", requirePermission("flow:read"), async (c) => c.json(await openDirectory(c.env).flows()))
  .get("/:name", requirePermission("flow:read"), async (c) => {
    const flow = await openDirectory(c.env).flow(c.req.param("name"));
    if (!flow) throw new AppError("flow/unknown");
    return c.json(flow);
  })
  .post("/", requirePermission("flow:write"), async (c) => {
    const { definition } = await readJson(c.req.raw, bodySchema, MAX_BODY_BYTES);
    const added = await openDirectory(c.env).putFlow(parseDefinition(definition), actorOf(c));
    forgetDirectory();
    return c.json(added, added.change === "added" ? 201 : 200);
  })
  .delete("/:name", requirePermission("flow:write"), async (c) => {
    await openDirectory(c.env).removeFlow(c.req.param("name"), actorOf(c));
    forgetDirectory();
    return c.json({ removed: true });
  });
