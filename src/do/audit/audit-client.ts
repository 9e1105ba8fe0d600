/** How everybody records an event: written and signed before this returns. */
import type { AuditEvent } from "../../core/audit.ts";
import { AppError } from "../../core/errors.ts";
import type { Env } from "../../env.ts";
import { limitTime } from "../time-limit.ts";
import type { AuditObject } from "./audit.ts";

const APPEND_TIMEOUT_MS = 10_000;

export function openAudit(env: Env): DurableObjectStub<AuditObject> {
  return env.AUDIT.getByName("audit");
}

/**
 * Throws audit/unavailable. What changes the directory is recorded by the directory, in the same transaction; this is
 * for all the rest.
 */
export async function recordAudit(env: Env, ...events: AuditEvent[]): Promise<void> {
  await limitTime(
    openAudit(env).append(events),
    APPEND_TIMEOUT_MS,
    () => new AppError("audit/unavailable", { detail: "The audit log did not answer in time." }),
  );
}
