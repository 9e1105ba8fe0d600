/** Where the host reports to the Worker: a part of the admin socket's routes. */
import { Hono } from "hono";
import * as v from "valibot";
import type { HostReport } from "../core/admin-protocol.ts";
import { hearChecks } from "../do/hear-checks.ts";
import { hearHost } from "../do/hear-host.ts";
import { type HttpEnv, readJson } from "../http/middleware.ts";
import { requirePermission } from "../http/permission.ts";

const MAX_BODY_BYTES = 1_024;

const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const checksSchema = v.strictObject({
  restored: v.exactOptional(v.strictObject({ restoredAtMs: whole, createdAtMs: whole })),
  integrity: v.exactOptional(
    v.strictObject({ checkedAtMs: whole, databases: whole, broken: whole }),
  ),
  backup: v.exactOptional(
    v.strictObject({
      triedAtMs: whole,
      succeededAtMs: v.exactOptional(whole),
      failureCode: v.exactOptional(v.pipe(v.string(), v.regex(/^[a-z0-9_/]{1,100}$/))),
    }),
  ),
});

const reportSchema = v.strictObject({
  isStart: v.boolean(),
  freePercent: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(100))),
  checks: v.exactOptional(checksSchema),
});

export const host = new Hono<HttpEnv>().post("/", requirePermission("host:report"), async (c) => {
  const report: HostReport = await readJson(c.req.raw, reportSchema, MAX_BODY_BYTES);
  await hearChecks(c.env, report.checks);
  // Waited for: the host hangs up when it ends, and that ends the work.
  await hearHost(c.env, report);
  return c.json({ heard: true });
});
