/**
 * Answers of the generic webhook, as signed calls to the account's callback address. Every try of an answer carries
 * the same webhook-id, so that the receiver can drop a repeat.
 */
import { AppError, isAppError } from "../../core/errors.ts";
import type { OutboundPart, SentRef, Target } from "../../core/message.ts";
import type { Account, Io } from "../adapter.ts";
import { sign } from "./verify.ts";

const SEND_TIMEOUT_MS = 15_000;
/** Longest wait that a receiver may ask for. */
export const MAX_RETRY_AFTER_MS = 3_600_000;

/** What the receiver is posted. A ping asks nothing but a 2xx. */
type CallbackBody =
  | { type: "reply"; id: string; conversation: string; text: string; replyTo?: string }
  | { type: "ping"; id: string };

export async function send(
  target: Target,
  part: OutboundPart,
  account: Account,
  io: Io,
): Promise<SentRef> {
  const id = part.idempotencyKey;
  const { conversation, replyTo } = target;
  await postCallback(account, io, {
    type: "reply",
    id,
    conversation: conversation.id,
    text: part.markdown,
    ...(replyTo === undefined ? {} : { replyTo }),
  });
  return { id };
}

/** Posts to the callback, or does nothing where the account has none: its answers are read from the session. */
export async function postCallback(account: Account, io: Io, body: CallbackBody): Promise<void> {
  const callback = account.settings.callback;
  if (callback === undefined) return;
  const bytes = new TextEncoder().encode(JSON.stringify(body));
  const timestamp = String(Math.floor(io.nowMs() / 1000));
  const headers = {
    "content-type": "application/json",
    "webhook-id": body.id,
    "webhook-timestamp": timestamp,
    "webhook-signature": await sign(account, body.id, timestamp, bytes),
  };
  const response = await call(io, callback, { method: "POST", headers, body: bytes });
  await response.body?.cancel();
  if (!response.ok) throw callbackError(response, io.nowMs());
}

async function call(io: Io, url: string, init: RequestInit): Promise<Response> {
  try {
    return await io.fetch(url, { ...init, signal: AbortSignal.timeout(SEND_TIMEOUT_MS) });
  } catch (error) {
    if (isAppError(error)) throw error;
    throw new AppError("channel/unavailable", {
      detail: "The callback address cannot be reached.",
      cause: error,
    });
  }
}

function callbackError(response: Response, nowMs: number): AppError {
  const { status } = response;
  const detail = `The callback address answered ${status}.`;
  if (status === 401 || status === 403) return new AppError("channel/unauthorized", { detail });
  const retryAfterMs = readRetryAfter(response.headers.get("retry-after"), nowMs);
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (status === 429) return new AppError("channel/rate_limited", { detail, ...wait });
  if (status >= 500 || status === 408)
    return new AppError("channel/unavailable", { detail, ...wait });
  return new AppError("channel/rejected", { detail });
}

/** Seconds or an HTTP date (RFC 9110, 10.2.3), in milliseconds from now. */
function readRetryAfter(header: string | null, nowMs: number): number | undefined {
  const waitMs = /^\d+$/.test(header ?? "")
    ? Number(header) * 1000
    : Date.parse(header ?? "") - nowMs;
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(waitMs, 0), MAX_RETRY_AFTER_MS);
}
