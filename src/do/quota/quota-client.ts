/**
 * Limits of people as routes and sessions ask for them. Counting is a few steps in memory; what was counted before a
 * restart is read once, and what changes is written a few seconds later, in one go for everybody.
 */
import { auditEvent } from "../../core/audit.ts";
import { AppError, errorCode } from "../../core/errors.ts";
import type { PersonId } from "../../core/ids.ts";
import { parseRoleQuotas, type Quotas, type RoleQuotas } from "../../core/quotas.ts";
import type { Speaker } from "../../core/session-protocol.ts";
import type { Env } from "../../env.ts";
import type { Ledger, Spent, Told, Verdict } from "../../limits/ledger.ts";
import { RATES, takeRate } from "../../limits/rates.ts";
import { emit } from "../../observability/emit.ts";
import { recordAudit } from "../audit/audit-client.ts";
import { openOptions } from "../isolate.ts";
import type { QuotaObject } from "./quota.ts";
import {
  fillLedger,
  isLedgerFilled,
  nameOfToday,
  noteWriting,
  openLedger,
  takeWake,
} from "./quota-ledger.ts";
import { describeLimit } from "./quota-words.ts";

export type Over = Extract<Verdict, { status: "over" }>;

const HOUR_MS = 3_600_000;

let byRole: RoleQuotas | undefined;

function openQuotas(env: Env): DurableObjectStub<QuotaObject> {
  return env.QUOTA.getByName("quota");
}

/** The ledger with what was counted before this process began. Throws what the object throws: nobody passes uncounted. */
async function loadLedger(env: Env): Promise<Ledger> {
  if (!isLedgerFilled()) fillLedger(env, await openQuotas(env).spent(nameOfToday(env)));
  return openLedger(env);
}

/** What this person may have: the role's, or one's own. */
export function quotasOf(env: Env, { role, access }: Speaker): Quotas {
  byRole ??= parseRoleQuotas(openOptions(env).ROCKPOOL_QUOTAS);
  const own = access?.limits;
  return own ? { ...byRole[role], ...own } : byRole[role];
}

/** Whether somebody writes faster than a person does, commands and edits among it. */
export function overRate({ personId }: Speaker): Over | undefined {
  const nowMs = Date.now();
  const waitMs = takeRate("person", personId, nowMs);
  const limit = RATES.person.perSecond * 60;
  if (waitMs === 0) return undefined;
  return { status: "over", quota: "messages_minute", limit, untilMs: nowMs + waitMs };
}

/** Counts a message, unless a limit is reached. */
export async function reserveMessage(env: Env, speaker: Speaker): Promise<Verdict> {
  const ledger = await loadLedger(env);
  const verdict = ledger.reserveMessage(speaker.personId, quotasOf(env, speaker), Date.now());
  if (verdict.status === "free") await wakeWriter(env);
  return verdict;
}

/** For calls that no conversation keeps: each counts as a message. Throws quota/reached. */
export async function verifyCall(env: Env, speaker: Speaker): Promise<void> {
  const verdict = await reserveMessage(env, speaker);
  if (verdict.status === "over") throw quotaError(env, speaker, verdict);
}

/** Nothing came of the message that was counted last. */
export function releaseMessage(env: Env, { personId }: Speaker): void {
  openLedger(env).releaseMessage(personId, Date.now());
}

/** Whether there is room for so much more. */
export async function checkQuota(
  env: Env,
  speaker: Speaker,
  wanted: Partial<Spent>,
): Promise<Verdict> {
  const ledger = await loadLedger(env);
  return ledger.check(speaker.personId, quotasOf(env, speaker), wanted, Date.now());
}

export async function noteSpent(
  env: Env,
  personId: PersonId,
  amounts: Partial<Spent>,
): Promise<void> {
  openLedger(env).spend(personId, amounts, Date.now());
  await wakeWriter(env);
}

/** Once until it has written. What cannot be written now is written with what comes next. */
async function wakeWriter(env: Env): Promise<void> {
  if (!takeWake(Date.now())) return;
  try {
    await openQuotas(env).wake();
  } catch (error) {
    noteWriting();
    emit({ type: "fault", where: "quota:wake", code: errorCode(error) });
  }
}

/** For callers who are answered with a status: 429, and when to come back. */
export function quotaError(env: Env, { lang }: Speaker, over: Over): AppError {
  const nowMs = Date.now();
  return new AppError("quota/reached", {
    detail: describeLimit(lang, over, nowMs, openOptions(env).ROCKPOOL_TIME_ZONE),
    retryAfterMs: Math.max(1_000, over.untilMs - nowMs),
  });
}

/** What the person is told, once for each limit that is reached; undefined where that was said already. */
export async function takeTelling(
  env: Env,
  { personId, lang }: Speaker,
  over: Over,
): Promise<string | undefined> {
  const nowMs = Date.now();
  const { quota, limit, untilMs } = over;
  if (!openLedger(env).takeTelling(personId, { what: quota, limit, untilMs }, nowMs))
    return undefined;
  emit({ type: "quota:reached", quota });
  if (quota !== "messages_minute")
    await recordAudit(
      env,
      auditEvent("quota.reached", { userId: personId, ip: null }, { quota, limit }),
    );
  return describeLimit(lang, over, nowMs, openOptions(env).ROCKPOOL_TIME_ZONE);
}

/** The same for words that no limit ends: once an hour. */
export function takeNotice(env: Env, { personId }: Speaker, text: string): string | undefined {
  const nowMs = Date.now();
  const notice = { what: "notice", limit: 0, untilMs: nowMs + HOUR_MS } as const;
  return openLedger(env).takeTelling(personId, notice, nowMs) ? text : undefined;
}

export function giveTellingBack(env: Env, { personId }: Speaker, what: Told["what"]): void {
  openLedger(env).giveTellingBack(personId, what, Date.now());
}
