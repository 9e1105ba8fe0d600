/**
 * Refused calls as the audit log is told of them: the first of a kind at once, the rest counted in memory and told with
 * the next one after a while. A flood costs no storage, and a kill loses a count at most.
 */
import type { Context } from "hono";
import { type AuditAction, auditEvent } from "../core/audit.ts";
import { type ErrorCode, errorCode } from "../core/errors.ts";
import { recordAudit } from "../do/audit/audit-client.ts";
import { actorOf } from "../http/actor.ts";
import type { HttpEnv } from "../http/middleware.ts";

const REFUSALS: Partial<Record<ErrorCode, AuditAction>> = {
  "permission/denied": "permission.denied",
  "webhook/bad_signature": "webhook.forged",
  "webhook/stale": "webhook.forged",
  "egress/not_allowed": "egress.refused",
};

/** One entry of a kind in this time. */
export const TELL_EVERY_MS = 10 * 60_000;
/** Kinds that are told apart; those beyond count as one. */
export const MAX_KINDS = 200;
const MAX_PATH_UNITS = 80;

export class Refusals {
  readonly #kinds = new Map<string, { toldAtMs: number; count: number }>();

  /** How many are to be told of now, this one included; 0 where it is not time yet. */
  count(kind: string, nowMs: number): number {
    const name = this.#kinds.has(kind) || this.#kinds.size < MAX_KINDS ? kind : "";
    const known = this.#kinds.get(name) ?? { toldAtMs: Number.NEGATIVE_INFINITY, count: 0 };
    const isDue = nowMs - known.toldAtMs >= TELL_EVERY_MS;
    const count = known.count + 1;
    this.#kinds.set(name, isDue ? { toldAtMs: nowMs, count: 0 } : { ...known, count });
    return isDue ? count : 0;
  }
}

const refusals = new Refusals();

/** Where the call was refused: `c.error` says why. */
export function noteRefusal(c: Context<HttpEnv>): void {
  const action = c.error && REFUSALS[errorCode(c.error)];
  if (!action) return;
  const path = c.req.path.slice(0, MAX_PATH_UNITS);
  const count = refusals.count(`${action} ${path}`, Date.now());
  if (count === 0) return;
  const event = auditEvent(action, actorOf(c), { path, method: c.req.method, count });
  // The refusal stands whether it can be recorded or not.
  c.executionCtx.waitUntil(recordAudit(c.env, event).catch(() => undefined));
}
