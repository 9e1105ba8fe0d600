/**
 * What becomes of the host's daily checks: figures for /metrics, entries of the audit log, and a word to the owner where
 * a database is damaged or no backup is made any more.
 */

import type { HostChecks } from "../core/admin-protocol.ts";
import { auditEvent, NO_ACTOR } from "../core/audit.ts";
import { errorCode } from "../core/errors.ts";
import { encodeSessionKey } from "../core/ids.ts";
import type { Env } from "../env.ts";
import { emit } from "../observability/emit.ts";
import type { Gauge } from "../observability/metrics.ts";
import { describeError } from "../observability/redact.ts";
import { phrase } from "../phrases/phrase.ts";
import { recordAudit } from "./audit/audit-client.ts";
import { openDirectory } from "./directory/directory-client.ts";
import { callSession } from "./session/session-client.ts";

let newest: HostChecks = {};
/** What was told or recorded by this isolate: the conversation and the log know it by its id for ever. */
const told = new Set<string>();
/** The host reports one of each a day. */
const MAX_TOLD = 100;

/** Never throws: the next report says the same again. */
export async function hearChecks(env: Env, checks: HostChecks | undefined): Promise<void> {
  if (!checks) return;
  newest = checks;
  for (const matter of decideMatters(checks)) {
    if (told.has(matter.id)) continue;
    try {
      await settle(env, matter);
      if (told.size >= MAX_TOLD) told.clear();
      told.add(matter.id);
    } catch (error) {
      const code = errorCode(error);
      emit({ type: "fault", where: "host:checks", code, cause: describeError(error) });
    }
  }
}

type Matter =
  | { id: string; what: "broken"; atMs: number; broken: number; databases: number }
  | { id: string; what: "not_backed_up"; atMs: number; reason: string }
  | { id: string; what: "backed_up"; atMs: number }
  | { id: string; what: "restored"; atMs: number; backupOf: string };

/** Each under an id of its own, however often it is reported: one for each check, one for each row of failures. Pure. */
export function decideMatters({ integrity, backup, restored }: HostChecks): Matter[] {
  const matters: Matter[] = [];
  if (restored) {
    const backupOf = new Date(restored.createdAtMs).toISOString();
    const { restoredAtMs: atMs } = restored;
    matters.push({ id: `host-restored-${atMs}`, what: "restored", atMs, backupOf });
  }
  if (integrity && integrity.broken > 0) {
    const { checkedAtMs: atMs, broken, databases } = integrity;
    matters.push({ id: `host-integrity-${atMs}`, what: "broken", atMs, broken, databases });
  }
  if (backup?.succeededAtMs !== undefined) {
    const atMs = backup.succeededAtMs;
    matters.push({ id: `host-backup-${atMs}`, what: "backed_up", atMs });
  }
  if (backup?.failureCode !== undefined) {
    const since = backup.succeededAtMs ?? 0;
    const { triedAtMs: atMs, failureCode: reason } = backup;
    matters.push({ id: `host-no-backup-${since}`, what: "not_backed_up", atMs, reason });
  }
  return matters;
}

async function settle(env: Env, matter: Matter): Promise<void> {
  if (matter.what === "broken") {
    const { broken, databases } = matter;
    await record(env, matter, "integrity.failed", { broken, databases });
    await tellOwner(env, matter.id, "integrityBroken", { broken, databases });
  } else if (matter.what === "restored")
    await record(env, matter, "backup.restored", { backupOf: matter.backupOf });
  else if (matter.what === "backed_up") await record(env, matter, "backup.made", {});
  else await tellOwner(env, matter.id, "backupFailed", { reason: matter.reason });
}

async function record(
  env: Env,
  { id, atMs }: Matter,
  action: "integrity.failed" | "backup.made" | "backup.restored",
  metadata: Record<string, string | number>,
): Promise<void> {
  await recordAudit(env, { ...auditEvent(action, NO_ACTOR, metadata), id, atMs });
}

async function tellOwner(
  env: Env,
  id: string,
  name: "integrityBroken" | "backupFailed",
  values: Record<string, string | number>,
): Promise<void> {
  const owner = await openDirectory(env).ensureOwner();
  const session = encodeSessionKey({ channel: "web", account: "main", conversation: owner.id });
  const text = phrase(owner.lang, name, values);
  await callSession(env, session, (stub) => stub.tell({ id, text, personId: owner.id }));
}

export function checkGauges(): Gauge[] {
  const { integrity, backup } = newest;
  return [
    {
      name: "rockpool_integrity_checked_timestamp_seconds",
      help: "When every database was last checked; 0 before the first time.",
      value: seconds(integrity?.checkedAtMs),
    },
    {
      name: "rockpool_integrity_broken_databases",
      help: "Databases that the last check found damaged.",
      value: integrity?.broken ?? 0,
    },
    {
      name: "rockpool_backup_success_timestamp_seconds",
      help: "When the last backup into the store was made; 0 before the first.",
      value: seconds(backup?.succeededAtMs),
    },
    {
      name: "rockpool_backup_failing",
      help: "1 where the last backup into the store failed.",
      value: backup?.failureCode === undefined ? 0 : 1,
    },
  ];
}

function seconds(atMs = 0): number {
  return Math.floor(atMs / 1000);
}
