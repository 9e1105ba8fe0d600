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

/** What a failure is to whoever asked. `requestId` is what the log calls this request. */
export function describeProblem(
  error: unknown,
  requestId: string,
  reader: ProblemReader = "public",
): Problem & { code: ErrorCode } {
  const code = errorCode(error);
  const { status, title, fix } = errorSpec(code);
  const errors = status < 500 && error instanceof Error ? renderFieldErrors(error.cause) : [];
  return {
    type: `urn:rockpool:error:${code}`,
    title,
    status,
    detail: detailOf(error, code, reader),
    code,
    instance: requestId,
    fix,
    ...(errors.length > 0 ? { errors } : {}),
  };
}

/** Headers of a failed answer: it is kept nowhere, and says when to come back where that is known. */
export function problemHeaders(error: unknown, contentType: string): Record<string, string> {
  const headers = { "content-type": contentType, "cache-control": "no-store" };
  if (!isAppError(error) || error.retryAfterMs === undefined) return headers;
  return { ...headers, ...retryAfter(error.retryAfterMs) };
}

function retryAfter(waitMs: number): Record<string, string> {
  return { "retry-after": String(Math.max(1, Math.ceil(waitMs / 1000))) };
}

/** rate/limited without a body, for machines: writing one takes as long as finding out that a call is forged. */
export function renderWait(waitMs: number): Response {
  return new Response(null, {
    status: errorSpec("rate/limited").status,
    headers: retryAfter(waitMs),
  });
}

export function renderProblem(
  error: unknown,
  requestId: string,
  reader: ProblemReader = "public",
): Response {
  const problem = describeProblem(error, requestId, reader);
  const headers = problemHeaders(error, "application/problem+json; charset=utf-8");
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}
