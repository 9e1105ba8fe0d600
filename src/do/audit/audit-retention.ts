/**
 * What is over its time leaves the audit log: from its beginning, after it was verified, with an entry that says so and a
 * signed anchor in its place, so that the rest verifies as before.
 */
import { auditEvent, NO_ACTOR } from "../../core/audit.ts";
import {
  digestedText,
  FIRST_DIGEST,
  hashedText,
  signedAnchorText,
} from "../../core/audit-record.ts";
import { renderTimestamp } from "../../core/time-zone.ts";
import { digestText } from "../../security/audit-signer.ts";
import { damageEvent } from "./audit-findings.ts";
import type { AuditLog } from "./audit-log.ts";

const DAY_MS = 24 * 3_600_000;
export const KEEP_AUDIT_MS = 180 * DAY_MS;
export const KEEP_ACCESS_MS = 365 * DAY_MS;
/** Entries verified and let go at once; more wait for the next call. */
export const MAX_PRUNED = 5_000;

export type Pruned =
  | { status: "pruned"; throughSeq: number; more: boolean }
  | { status: "nothing" }
  /** What was to go is not what was signed: it stays, for somebody to look at. */
  | { status: "damaged" };

/** Throws audit/unavailable. */
export async function pruneLog(log: AuditLog, nowMs: number, zone: string): Promise<Pruned> {
  const newest = log.rows.newestBefore(nowMs - KEEP_AUDIT_MS);
  if (!newest) return { status: "nothing" };
  const anchor = log.rows.anchor();
  const firstSeq = anchor?.through_seq ?? 0;
  const throughSeq = Math.min(newest.seq, firstSeq + MAX_PRUNED);
  const digest = await digestThrough(log, firstSeq, anchor?.digest ?? FIRST_DIGEST, throughSeq);
  if (digest === undefined) {
    await log.append([damageEvent("pruning", nowMs)]);
    return { status: "damaged" };
  }
  // First the word, then the deed: a kill in between leaves entries that the next call takes.
  const metadata = { throughSeq, entries: throughSeq - firstSeq };
  await log.append([auditEvent("audit.pruned", NO_ACTOR, metadata)]);
  const timestamp = renderTimestamp(nowMs, zone);
  const unsigned = { through_seq: throughSeq, digest, timestamp };
  const signature = await log.sign(signedAnchorText(unsigned));
  log.prune({ ...unsigned, signature });
  return { status: "pruned", throughSeq, more: throughSeq < newest.seq };
}

/** The digest of this entry, where all up to it are what was signed. */
async function digestThrough(
  log: AuditLog,
  afterSeq: number,
  digestBefore: string,
  throughSeq: number,
): Promise<string | undefined> {
  let digest = digestBefore;
  let seq = afterSeq;
  for (const row of log.rows.after(afterSeq, throughSeq - afterSeq)) {
    seq += 1;
    const isWhole =
      row.seq === seq &&
      row.previous === digest &&
      row.at_ms === Date.parse(row.timestamp) &&
      (await digestText(hashedText(row))) === row.hash;
    if (!isWhole) return undefined;
    digest = await digestText(digestedText(row));
  }
  return seq === throughSeq ? digest : undefined;
}
