/**
 * Known failures: one table of codes. Expected outcomes are tagged unions and stand elsewhere; bugs are plain
 * TypeErrors. An AppError is recognised by its `code`: across Durable Object calls `instanceof` is false.
 */
import { ACCESS_ERRORS } from "./access-errors.ts";
import { API_ERRORS } from "./api-errors.ts";
import { CRYPTO_ERRORS } from "./crypto-errors.ts";
import { FLOW_ERRORS } from "./flow-errors.ts";
import { MODEL_ERRORS } from "./model-errors.ts";
import { SIGN_IN_ERRORS } from "./sign-in-errors.ts";

export interface ErrorSpec {
  /** HTTP status at the edge. */
  status: number;
  /** Who must act, and so where the message may be shown. */
  audience: "caller" | "operator" | "person";
  /** True where the same call may succeed later, unchanged. */
  transient: boolean;
  /** One sentence: what is wrong. */
  title: string;
  /** One sentence: what to do. */
  fix: string;
}

export const ERRORS = {
  "http/bad_request": {
    status: 400,
    audience: "caller",
    transient: false,
    title: "The request is not of the expected form.",
    fix: "Compare it with docs/architecture.md and send it again.",
  },
  "http/unauthorized": {
    status: 401,
    audience: "caller",
    transient: false,
    title: "Sign in first.",
    fix: "Open the owner link that `npm start` prints, or make a new one with `npx rockpool owner-link`.",
  },
  "http/forbidden": {
    status: 403,
    audience: "caller",
    transient: false,
    title: "This is not allowed.",
    fix: "Ask the owner of this box.",
  },
  "http/not_found": {
    status: 404,
    audience: "caller",
    transient: false,
    title: "There is nothing at this address.",
    fix: "Check the path.",
  },
  "http/method_not_allowed": {
    status: 405,
    audience: "caller",
    transient: false,
    title: "This address does not take this method.",
    fix: "Check the method.",
  },
  "http/too_large": {
    status: 413,
    audience: "caller",
    transient: false,
    title: "The body is larger than this address takes.",
    fix: "Send less at once.",
  },
  "http/internal": {
    status: 500,
    audience: "operator",
    transient: true,
    title: "Something went wrong inside.",
    fix: "Look for the request id in `npx rockpool logs`.",
  },
  "webhook/bad_signature": {
    status: 401,
    audience: "caller",
    transient: false,
    title: "The secret or signature does not match.",
    fix: "Give the caller the account's secret; if it is lost, remove the account and add it again.",
  },
  "webhook/stale": {
    status: 401,
    audience: "caller",
    transient: false,
    title: "The signature's time is too far from this box's clock.",
    fix: "Check the clock on both sides.",
  },
  "webhook/bad_payload": {
    status: 400,
    audience: "caller",
    transient: false,
    title: "The payload is not what this channel sends.",
    fix: "Check that the webhook points at the right channel.",
  },
  "webhook/unknown_account": {
    status: 404,
    audience: "caller",
    transient: false,
    title: "No such account.",
    fix: "List the accounts with `npx rockpool channel list`.",
  },
  "account/exists": {
    status: 409,
    audience: "operator",
    transient: false,
    title: "An account of this name exists already.",
    fix: "Remove it first, or choose another name.",
  },
  "account/unknown": {
    status: 404,
    audience: "operator",
    transient: false,
    title: "No such account.",
    fix: "List the accounts with `npx rockpool channel list`.",
  },
  "account/bad_settings": {
    status: 400,
    audience: "operator",
    transient: false,
    title: "A setting of the account is missing or wrong.",
    fix: "See `npx rockpool channel add <channel> --help`.",
  },
  "account/setup_failed": {
    status: 502,
    audience: "operator",
    transient: true,
    title: "The platform refused the account.",
    fix: "Check the token, and that the public URL can be reached from outside.",
  },
  "channel/unknown": {
    status: 404,
    audience: "operator",
    transient: false,
    title: "No such channel.",
    fix: "`npx rockpool channel add --help` lists the channels.",
  },
  "channel/rate_limited": {
    status: 429,
    audience: "operator",
    transient: true,
    title: "The platform asks to send more slowly.",
    fix: "Nothing: it is sent again when the platform says so.",
  },
  "channel/rejected": {
    status: 502,
    audience: "operator",
    transient: false,
    title: "The platform refused the message.",
    fix: "See the cause in `npx rockpool logs`.",
  },
  "channel/unavailable": {
    status: 502,
    audience: "operator",
    transient: true,
    title: "The platform cannot be reached.",
    fix: "Nothing: it is sent again.",
  },
  "channel/unauthorized": {
    status: 502,
    audience: "operator",
    transient: false,
    title: "The platform does not accept the account's token.",
    fix: "Remove the account and add it with a new token.",
  },
  "channel/conflict": {
    status: 409,
    audience: "operator",
    transient: true,
    title: "Another program receives this account's messages.",
    fix: "Stop the other program that uses the same token, or remove the account and add it with a new one.",
  },
  "session/queue_full": {
    status: 429,
    audience: "caller",
    transient: true,
    title: "This conversation has too many messages waiting.",
    fix: "Send again when some are answered.",
  },
  "session/unavailable": {
    status: 503,
    audience: "caller",
    transient: true,
    title: "The message could not be stored.",
    fix: "Send it again.",
  },
  "file/too_large": {
    status: 413,
    audience: "person",
    transient: false,
    title: "The file is larger than this box keeps.",
    fix: "Send a smaller file.",
  },
  "file/store_full": {
    status: 507,
    audience: "person",
    transient: false,
    title: "This conversation keeps too many files.",
    fix: "Start again with /forget.",
  },
  "file/unknown": {
    status: 404,
    audience: "caller",
    transient: false,
    title: "No such file.",
    fix: "It may have been forgotten.",
  },
  "pairing/unknown_code": {
    status: 404,
    audience: "operator",
    transient: false,
    title: "No such pairing code, or it has expired.",
    fix: "List the pending ones with `npx rockpool pair list`.",
  },
  "owner/bad_token": {
    status: 401,
    audience: "caller",
    transient: false,
    title: "This owner link was used already, or has expired.",
    fix: "Make a new one with `npx rockpool owner-link`.",
  },
  ...FLOW_ERRORS,
  "audit/unavailable": {
    status: 503,
    audience: "operator",
    transient: true,
    title: "The audit log could not be written.",
    fix: "Look for `audit` in `npx rockpool logs`; `npx rockpool doctor` checks the disk.",
  },
  "egress/not_allowed": {
    status: 502,
    audience: "operator",
    transient: false,
    title: "This address is not one that the box may reach.",
    fix: "Add the account with --api-base, which allows its host, or allow the address: `npx rockpool egress allow <address>`.",
  },
  ...ACCESS_ERRORS,
  ...API_ERRORS,
  ...CRYPTO_ERRORS,
  ...MODEL_ERRORS,
  ...SIGN_IN_ERRORS,
} as const satisfies Record<string, ErrorSpec>;

export type ErrorCode = keyof typeof ERRORS;

export interface AppErrorOptions {
  cause?: unknown;
  /** What is wrong in this case; the table's title where there is none. Never holds a secret or a URL. */
  detail?: string;
  /** How long to wait before trying again, where the other side said so. */
  retryAfterMs?: number;
}

/**
 * How many calls up an error collects. A refusal is told by its code and collects none: that takes longer than all else
 * that a forged call costs.
 */
const engine = Error as { stackTraceLimit?: number | undefined }; // V8's own, in Node's types alone

export class AppError extends Error {
  readonly code: ErrorCode;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, options: AppErrorOptions = {}) {
    const { stackTraceLimit } = engine;
    if (ERRORS[code].status < 500) engine.stackTraceLimit = 0;
    super(
      options.detail ?? ERRORS[code].title,
      options.cause === undefined ? {} : { cause: options.cause },
    );
    engine.stackTraceLimit = stackTraceLimit;
    this.name = "AppError";
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** True also for an AppError that came over a Durable Object call as a plain Error. */
export function isAppError(error: unknown): error is AppError {
  return (
    error instanceof Error &&
    "code" in error &&
    typeof error.code === "string" &&
    Object.hasOwn(ERRORS, error.code)
  );
}

/** The code of a known failure; `http/internal` for a bug. */
export function errorCode(error: unknown): ErrorCode {
  return isAppError(error) ? error.code : "http/internal";
}

export function errorSpec(code: ErrorCode): ErrorSpec {
  return ERRORS[code];
}
