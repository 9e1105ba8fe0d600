/** What the audit object does once a day: what is over its time goes, everywhere, and an entry says how much. */
import { auditEvent, NO_ACTOR } from "../../core/audit.ts";
import type { SessionKey } from "../../core/ids.ts";
import { deleteExpired, loadExpiredSessions } from "../../db/expired-sessions.ts";
import type { Env } from "../../env.ts";
import { openOptions } from "../isolate.ts";
import type { AccessRows } from "./access-rows.ts";
import type { AuditLog } from "./audit-log.ts";
import { KEEP_ACCESS_MS, pruneLog } from "./audit-retention.ts";

const DAY_MS = 24 * 3_600_000;
/** Conversations looked at in one go; more wait for the next. */
const MAX_SESSIONS = 200;

export interface HouseDeps {
  env: Env;
  log: AuditLog;
  access: AccessRows;
  nowMs: number;
}

/** True where something is left for the next call. Throws what the log, the conversations and D1 throw. */
export async function keepHouse({ env, log, access, nowMs }: HouseDeps): Promise<boolean> {
  const options = openOptions(env);
  const pruned = await pruneLog(log, nowMs, options.ROCKPOOL_TIME_ZONE);
  const accesses = access.prune(nowMs - KEEP_ACCESS_MS);
  const days = options.ROCKPOOL_KEEP_DAYS;
  const talks = days === 0 ? undefined : await pruneTalks(env, nowMs - days * DAY_MS);
  if (accesses > 0 || (talks?.messages ?? 0) > 0) {
    const metadata = {
      accesses,
      conversations: talks?.sessions ?? 0,
      messages: talks?.messages ?? 0,
    };
    await log.append([auditEvent("retention.applied", NO_ACTOR, { ...metadata, keepDays: days })]);
  }
  return (pruned.status === "pruned" && pruned.more) || talks?.sessions === MAX_SESSIONS;
}

async function pruneTalks(env: Env, cutoffMs: number) {
  const found = await loadExpiredSessions(env.DB, cutoffMs, MAX_SESSIONS);
  let messages = 0;
  for (const name of found) {
    const session = name as SessionKey; // the log's names are keys
    messages += await env.SESSION.getByName(session).prune(cutoffMs);
    await deleteExpired(env.DB, session, cutoffMs);
  }
  return { sessions: found.length, messages };
}
