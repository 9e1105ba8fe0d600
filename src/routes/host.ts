/** Where the host reports to the Worker: a part of the admin socket's routes. */
import { Hono } from "hono";
import * as v from "valibot";
import type { HostReport } from "../core/admin-protocol.ts";
import { hearHost } from "../do/hear-host.ts";
import { type HttpEnv, readJson } from "../http/middleware.ts";
import { requirePermission } from "../http/permission.ts";

const MAX_BODY_BYTES = 1_024;

const reportSchema = v.strictObject({
  isStart: v.boolean(),
  freePercent: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(100))),
});

export const host = new Hono<HttpEnv>().post("/", requirePermission("host:report"), async (c) => {
  const report: HostReport = await readJson(c.req.raw, reportSchema, MAX_BODY_BYTES);
  // Waited for: the host hangs up when it ends, and that ends the work.
  await hearHost(c.env, report);
  return c.json({ heard: true });
});
