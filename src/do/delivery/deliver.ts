/**
 * Sends the outbox: one row at a time, each stored before it leaves and marked when it has arrived. Retry-After is
 * honoured, other failures back off, and what the platform refuses for good is parked and logged.
 */
import { AppError, errorCode, errorSpec, isAppError } from "../../core/errors.ts";
import { type AccountKey, parseAccountKey, type SessionKey } from "../../core/ids.ts";
import type { SentRef } from "../../core/message.ts";
import { emit } from "../../observability/emit.ts";
import { describeError } from "../../observability/redact.ts";
import { limitTime } from "../time-limit.ts";
import type { Outbox, OutboxRow } from "./outbox.ts";
import type { Route } from "./routes-out.ts";
import { sendInTurn } from "./send-gate.ts";

/** Tries of one row, and the time after which it is let go even so. */
export const MAX_ATTEMPTS = 30;
export const MAX_AGE_MS = 24 * 3_600_000;
const FIRST_WAIT_MS = 1_000;
const MAX_WAIT_MS = 300_000;
const MAX_RETRY_AFTER_MS = 3_600_000;
/** A platform that does not answer within this time counts as unavailable. */
const SEND_TIMEOUT_MS = 30_000;

export interface DeliverDeps {
  session: SessionKey;
  outbox: Pick<Outbox, "next" | "open" | "markSent" | "retryAt" | "park">;
  /** Undefined when the account was removed. */
  route(account: AccountKey): Promise<Route | undefined>;
  nowMs(): number;
  /** Settles when everything written so far is on disk. */
  stored(): Promise<void>;
}

export type SendFailure = { status: "retry"; nextAtMs: number } | { status: "park" };

/** Pure: what becomes of a row whose try number `attempts` failed. */
export function decideSendFailure(
  error: unknown,
  attempts: number,
  ageMs: number,
  nowMs: number,
): SendFailure {
  const { transient } = errorSpec(errorCode(error));
  if (!transient || attempts >= MAX_ATTEMPTS || ageMs >= MAX_AGE_MS) return { status: "park" };
  const asked = isAppError(error) ? error.retryAfterMs : undefined;
  const backoff = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempts - 1, 12));
  return { status: "retry", nextAtMs: nowMs + Math.min(MAX_RETRY_AFTER_MS, asked ?? backoff) };
}

/** Sends what is due; returns when nothing is. */
export async function deliverDue(deps: DeliverDeps): Promise<void> {
  for (;;) {
    const next = deps.outbox.next(deps.nowMs());
    if (next.status !== "send") return;
    await deliverRow(next.row, deps);
  }
}

async function deliverRow(row: OutboxRow, deps: DeliverDeps): Promise<void> {
  const startedAt = deps.nowMs();
  const { channel } = parseAccountKey(row.account);
  const attempt = row.attempts + 1;
  try {
    await sendStored(row, deps);
    emit({
      type: "outbox:sent",
      session: deps.session,
      channel,
      attempt,
      ms: deps.nowMs() - startedAt,
    });
  } catch (error) {
    const code = errorCode(error);
    const cause = describeError(error);
    const nowMs = deps.nowMs();
    const failure = decideSendFailure(error, attempt, nowMs - row.atMs, nowMs);
    if (failure.status === "retry") {
      deps.outbox.retryAt(row.seq, failure.nextAtMs);
      emit({
        type: "outbox:retry",
        session: deps.session,
        channel,
        attempt,
        code,
        waitMs: failure.nextAtMs - nowMs,
        cause,
      });
    } else {
      deps.outbox.park(row);
      emit({ type: "outbox:parked", session: deps.session, channel, code, cause });
    }
  }
}

function createSilence(): AppError {
  return new AppError("channel/unavailable", { detail: "The platform did not answer in time." });
}

/** Sends the row and marks it; where a repeat would be a double, no other send of the account is open meanwhile. */
async function sendStored(row: OutboxRow, deps: DeliverDeps): Promise<void> {
  const route = await deps.route(row.account);
  if (!route) throw new AppError("account/unknown");
  const send = async (): Promise<void> => {
    const ref = await limitTime(sendRow(row, route, deps), SEND_TIMEOUT_MS, createSilence);
    deps.outbox.markSent(row, ref.id);
  };
  if (route.adapter.capabilities.resend === "idempotent") await send();
  else await sendInTurn(row.account, send, deps.stored);
}

async function sendRow(row: OutboxRow, route: Route, deps: DeliverDeps): Promise<SentRef> {
  const { account, adapter, io } = route;
  const body = await deps.outbox.open(row);
  if (row.ref !== undefined && adapter.edit) {
    const ref = { id: row.ref };
    await adapter.edit(body.target, ref, body.markdown, account, io);
    return ref;
  }
  return adapter.send(
    body.target,
    { markdown: body.markdown, idempotencyKey: row.key },
    account,
    io,
  );
}
