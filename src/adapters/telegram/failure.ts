/**
 * What went wrong at Telegram, as the codes that the core acts on. The bot's token stands in every URL, so nothing of
 * the original error is passed on but its words, with the token taken out.
 */
import { GrammyError, HttpError } from "grammy";
import { AppError, type ErrorCode, isAppError } from "../../core/errors.ts";

const MAX_CAUSE_UNITS = 500;

function codeOf(status: number): ErrorCode {
  if (status === 429) return "channel/rate_limited";
  if (status === 401) return "channel/unauthorized";
  if (status === 409) return "channel/conflict";
  return status >= 500 ? "channel/unavailable" : "channel/rejected";
}

/** The words of an error and of what caused it. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  return error.cause === undefined ? error.message : `${error.message}: ${describe(error.cause)}`;
}

/** An error to be the cause of an AppError: no token, no URL, no payload. */
function cleanCause(words: string, token: string): Error {
  const clean = words
    .replaceAll(token, "<token>")
    .replaceAll(encodeURIComponent(token), "<token>")
    .replace(/\bhttps?:\/\/\S+/g, "<url>");
  return new Error(clean.slice(0, MAX_CAUSE_UNITS));
}

/** Passes AppErrors on as they are: they were made with care. */
export function channelError(error: unknown, token: string): AppError {
  if (isAppError(error)) return error;
  if (error instanceof HttpError) return channelError(error.error, token);
  if (error instanceof GrammyError) {
    const retryAfterSeconds = error.parameters.retry_after;
    return new AppError(codeOf(error.error_code), {
      cause: cleanCause(`${error.method}: ${error.error_code} ${error.description}`, token),
      ...(retryAfterSeconds === undefined ? {} : { retryAfterMs: retryAfterSeconds * 1000 }),
    });
  }
  return new AppError("channel/unavailable", { cause: cleanCause(describe(error), token) });
}

/** Telegram states these two in words only. */
export function isUnparsable(error: unknown): boolean {
  return isRejection(error, "can't parse entities");
}

export function isNotModified(error: unknown): boolean {
  return isRejection(error, "message is not modified");
}

function isRejection(error: unknown, words: string): boolean {
  return (
    error instanceof GrammyError && error.error_code === 400 && error.description.includes(words)
  );
}
