/** The Worker's entry: the public address, the admin socket, and the object classes. */
import { env, WorkerEntrypoint } from "cloudflare:workers";
import { adminApp, adminListenerApp, apiApp, metricsApp, publicApp } from "./app.ts";
import { readOwnPatterns } from "./do/redactors.ts";
import type { Env } from "./env.ts";

export { AuditObject } from "./do/audit/audit.ts";
export { CredentialsObject } from "./do/credentials/credentials.ts";
export { DirectoryObject } from "./do/directory/directory.ts";
export { GateObject } from "./do/gate/gate.ts";
export { ConnectionObject } from "./do/intake/connection.ts";
export { JournalObject } from "./do/journal/journal.ts";
export { ErasureObject } from "./do/person-data/erasure.ts";
export { QuotaObject } from "./do/quota/quota.ts";
export { SessionObject } from "./do/session/session.ts";
export { VaultObject } from "./do/vault/vault.ts";

const { REDACT_PATTERNS } = env as Env; // what the module says of it knows no bindings
await readOwnPatterns(REDACT_PATTERNS);

/** Served on the admin socket of the data folder and nowhere else. */
export class Admin extends WorkerEntrypoint<Env> {
  override fetch(request: Request): Response | Promise<Response> {
    return adminApp.fetch(request, this.env, this.ctx);
  }
}

/** Served on ROCKPOOL_ADMIN_LISTEN. */
export class AdminListener extends WorkerEntrypoint<Env> {
  override fetch(request: Request): Response | Promise<Response> {
    return adminListenerApp.fetch(request, this.env, this.ctx);
  }
}

/** Served on ROCKPOOL_METRICS_LISTEN. */
export class MetricsListener extends WorkerEntrypoint<Env> {
  override fetch(request: Request): Response | Promise<Response> {
    return metricsApp.fetch(request, this.env, this.ctx);
  }
}

/** Served on ROCKPOOL_API_LISTEN. */
export class ApiListener extends WorkerEntrypoint<Env> {
  override fetch(request: Request): Response | Promise<Response> {
    return apiApp.fetch(request, this.env, this.ctx);
  }
}

export default publicApp satisfies ExportedHandler<Env>;
