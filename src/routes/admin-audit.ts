/** The audit log and the access log, as `rockpool audit` reads them. Part of the administration: mounted at /audit. */
import { Hono } from "hono";
import * as v from "valibot";
import { MAX_AUDIT_PAGE } from "../core/audit.ts";
import { renderCheckpoint, renderEntry, renderHeader } from "../core/audit-record.ts";
import { openAudit } from "../do/audit/audit-client.ts";
import type { Env } from "../env.ts";
import { type HttpEnv, parseWith } from "../http/middleware.ts";
import { requirePermission } from "../http/permission.ts";
import { streamChunks } from "../http/stream-chunks.ts";

const whole = v.pipe(v.string(), v.regex(/^\d{1,15}$/), v.transform(Number));
const pageSchema = v.strictObject({
  before: v.optional(whole, String(Number.MAX_SAFE_INTEGER - 1).slice(0, 15)),
  limit: v.optional(v.pipe(whole, v.minValue(1), v.maxValue(MAX_AUDIT_PAGE)), "50"),
  action: v.optional(v.pipe(v.string(), v.regex(/^[a-z_.]{0,40}$/)), ""),
});

export const adminAudit = new Hono<HttpEnv>()
  .get("/", requirePermission("audit:read"), async (c) => {
    const { before, limit, action } = parseWith(pageSchema, c.req.query());
    return c.json(await openAudit(c.env).entriesBefore(before, limit, action));
  })
  .get("/access", requirePermission("audit:read"), async (c) => {
    const { before, limit } = parseWith(pageSchema, c.req.query());
    return c.json(await openAudit(c.env).accessBefore(before, limit));
  })
  .get("/checkpoint", requirePermission("audit:read"), async (c) =>
    c.json(await openAudit(c.env).checkpoint()),
  )
  .get("/export", requirePermission("audit:export"), (c) =>
    c.body(streamChunks(exportLog(c.env)), 200, { "content-type": "application/x-ndjson" }),
  );

/** Page by page, as the reader takes them: all entries up to an end that is signed at the beginning. */
async function* exportLog(env: Env): AsyncGenerator<Uint8Array> {
  const audit = openAudit(env);
  const { end, anchor } = await audit.bounds();
  const { public_key } = end;
  yield toBytes([renderHeader({ kind: "rockpool-audit", version: 1, public_key, anchor })]);
  let seq = anchor?.through_seq ?? 0;
  while (seq < end.length) {
    const page = await audit.entriesAfter(seq, Math.min(MAX_AUDIT_PAGE, end.length - seq));
    const entries = page.filter((entry) => entry.seq <= end.length);
    yield toBytes(entries.map(renderEntry));
    const last = entries.at(-1);
    if (!last) break;
    seq = last.seq;
  }
  yield toBytes([renderCheckpoint(end)]);
}

function toBytes(lines: readonly string[]): Uint8Array {
  return new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
}
