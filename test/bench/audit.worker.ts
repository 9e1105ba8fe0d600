/** Rockpool with another front: it appends entries to the audit log, each when the one before is acknowledged. */
import { auditEvent, NO_ACTOR } from "../../src/core/audit.ts";
import { recordAudit } from "../../src/do/audit/audit-client.ts";
import type { Env } from "../../src/env.ts";

export * from "../../src/index.ts";

/** The clock of a Worker stands still while it works: who calls takes the time. */
const auditor: ExportedHandler<Env> = {
  async fetch(request, env) {
    const entries = Number(new URL(request.url).searchParams.get("entries"));
    for (let index = 0; index < entries; index += 1)
      await recordAudit(env, auditEvent("apikey.created", NO_ACTOR, { name: "laptop", index }));
    return new Response("done");
  },
};

// biome-ignore lint/style/noDefaultExport: workerd takes a Worker's handlers from the default export
export default auditor;
