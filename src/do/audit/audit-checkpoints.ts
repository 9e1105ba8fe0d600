/** How the audit log ends, sent to the owner's own conversation: a copy that nobody who has the disk can change. */
import { renderCheckpoint } from "../../core/audit-record.ts";
import type { CheckpointRule } from "../../core/checkpoint-rule.ts";
import { encodeSessionKey } from "../../core/ids.ts";
import type { Env } from "../../env.ts";
import { phrase } from "../../phrases/phrase.ts";
import { openDirectory } from "../directory/directory-client.ts";
import { callSession } from "../session/session-client.ts";
import type { AuditLog } from "./audit-log.ts";

export const DAY_MS = 24 * 3_600_000;

export interface LastCheckpoint {
  length: number;
  atMs: number;
}

/** Pure. A day without an entry brings none. */
export function isCheckpointDue(
  rule: CheckpointRule,
  last: LastCheckpoint,
  now: LastCheckpoint,
): boolean {
  const added = now.length - last.length;
  if (rule === "off" || added <= 0) return false;
  return rule === "daily" ? now.atMs - last.atMs >= DAY_MS : added >= rule;
}

/** Stored in the owner's conversation when it returns; the same one twice is one message. */
export async function sendCheckpoint(env: Env, log: AuditLog): Promise<number> {
  const checkpoint = await log.checkpoint();
  const owner = await openDirectory(env).ensureOwner();
  const { length } = checkpoint;
  const text = phrase(owner.lang, "auditCheckpoint", {
    length,
    checkpoint: renderCheckpoint(checkpoint),
  });
  const own = encodeSessionKey({ channel: "web", account: "main", conversation: owner.id });
  const notice = { id: `audit-checkpoint-${length}`, text, personId: owner.id };
  await callSession(env, own, (session) => session.tell(notice));
  return length;
}
