/**
 * Refused sign-ins in the audit log: the first of an address at once, the rest counted and told together. Whoever tries
 * passwords all day does not fill the log.
 */
import type { Context } from "hono";
import { type AuditEvent, auditEvent, NO_ACTOR } from "../core/audit.ts";
import type { SignInMethod } from "../core/sign-in-protocol.ts";
import { recordAudit } from "../do/audit/audit-client.ts";
import { actorOf } from "../http/actor.ts";
import type { HttpEnv } from "../http/middleware.ts";
import { addressKey } from "../limits/rates.ts";
import { RefusalTally, type ToldRefusals } from "../limits/refusal-tally.ts";
import { emit } from "../observability/emit.ts";

type RefusedAction = "signin.refused" | "signin.throttled";

interface Refused {
  action: RefusedAction;
  ip: string | null;
  method: SignInMethod;
}

const tally = new RefusalTally<Refused>();

/** Notes that somebody was turned away. Throws audit/unavailable. */
export async function noteRefusedSignIn(
  c: Context<HttpEnv>,
  action: RefusedAction,
  method: SignInMethod,
): Promise<void> {
  if (action === "signin.refused") emit({ type: "sign_in", outcome: "refused" });
  const { ip } = actorOf(c);
  const kind = `${action} ${method} ${addressKey(ip ?? "")}`;
  await tell(c, tally.add(kind, { action, ip, method }, Date.now()));
}

/** What was counted before somebody came in stands before that in the log. */
export async function tellRefusedSignIns(c: Context<HttpEnv>): Promise<void> {
  await tell(c, tally.rest(Date.now()));
}

async function tell(c: Context<HttpEnv>, told: readonly ToldRefusals<Refused>[]): Promise<void> {
  if (told.length > 0) await recordAudit(c.env, ...told.map(describe));
}

function describe({ about, count }: ToldRefusals<Refused>): AuditEvent {
  if (!about) return auditEvent("signin.refused", NO_ACTOR, { count, from: "many" });
  const { action, ip, method } = about;
  return auditEvent(action, { userId: null, ip }, { method, count });
}
