/**
 * Errors as answers: an AppError, or a bug, to RFC 9457 `application/problem+json`. What went wrong inside stays
 * inside: from 500 on, the public is told the code's own title.
 */

import type { Problem } from "../core/admin-protocol.ts";
import { type ErrorCode, errorCode, errorSpec, isAppError } from "../core/errors.ts";

/** Fields named in one answer: the rest is found by sending again. */
export const MAX_FIELD_ERRORS = 20;

type FieldError = NonNullable<Problem["errors"]>[number];

/** What valibot's ValiError carries; read by form, so that the schema library stays out of the error path. */
interface Issue {
  expected?: string | null;
  path?: { key?: unknown }[];
}

function hasIssues(cause: unknown): cause is { issues: Issue[] } {
  return (
    typeof cause === "object" &&
    cause !== null &&
    "issues" in cause &&
    Array.isArray(cause.issues) &&
    cause.issues.every((issue: unknown) => typeof issue === "object" && issue !== null)
  );
}

/** Names the field and what it takes, never what was sent. */
function renderFieldErrors(cause: unknown): FieldError[] {
  if (!hasIssues(cause)) return [];
  return cause.issues.slice(0, MAX_FIELD_ERRORS).map((issue) => ({
    path: (issue.path ?? []).map((step) => String(step.key)).join("."),
    message: issue.expected ? `${issue.expected} is expected` : "another form is expected",
  }));
}

function detailOf(error: unknown, code: ErrorCode, reader: ProblemReader): string {
  const spec = errorSpec(code);
  const isShown = spec.status < 500 || reader === "owner";
  return isShown && isAppError(error) ? error.message : spec.title;
}

/** The owner, on the admin socket, may read what went wrong inside; a bug's own words stay in the log even so. */
export type ProblemReader = "owner" | "public";

/** `requestId` is what the log calls this request. */
export function renderProblem(
  error: unknown,
  requestId: string,
  reader: ProblemReader = "public",
): Response {
  const code = errorCode(error);
  const { status, title, fix } = errorSpec(code);
  const errors = status < 500 && error instanceof Error ? renderFieldErrors(error.cause) : [];
  const problem: Problem = {
    type: `urn:rockpool:error:${code}`,
    title,
    status,
    detail: detailOf(error, code, reader),
    code,
    instance: requestId,
    fix,
    ...(errors.length > 0 ? { errors } : {}),
  };
  const headers = new Headers({
    "content-type": "application/problem+json; charset=utf-8",
    "cache-control": "no-store",
  });
  if (isAppError(error) && error.retryAfterMs !== undefined)
    headers.set("retry-after", String(Math.max(1, Math.ceil(error.retryAfterMs / 1000))));
  return new Response(JSON.stringify(problem), { status, headers });
}
