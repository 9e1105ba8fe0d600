/** Failures in the form that clients of OpenAI's API understand, as answers and within a stream. */
import { type ErrorCode, errorSpec } from "../../core/errors.ts";
import { describeProblem, problemHeaders } from "../../http/problem.ts";

export interface OpenAiError {
  error: { message: string; type: string; param: string | null; code: string };
}

/** Where OpenAI has a code of its own that clients look for. All others go out as they are. */
const KNOWN_CODES: Partial<Record<ErrorCode, string>> = {
  "apikey/invalid": "invalid_api_key",
  "model/missing": "model_not_found",
  "model/too_long": "context_length_exceeded",
};

function typeOf(status: number): string {
  if (status === 401) return "authentication_error";
  if (status === 403) return "permission_error";
  if (status === 429) return "rate_limit_error";
  return status < 500 ? "invalid_request_error" : "server_error";
}

/** Names the fields at fault, never what was sent in them. */
export function describeFailure(error: unknown, requestId: string): OpenAiError {
  const { status, detail, fix, code, errors = [] } = describeProblem(error, requestId);
  const fields = errors.map(
    ({ path, message }) => `${path === "" ? "the body" : path}: ${message}.`,
  );
  return {
    error: {
      message: [detail, ...(fields.length > 0 ? fields : [fix])].join(" "),
      type: typeOf(status),
      param: errors[0]?.path || null,
      code: KNOWN_CODES[code] ?? code,
    },
  };
}

export function renderFailure(error: unknown, requestId: string): Response {
  const { code, status } = describeProblem(error, requestId);
  const headers = {
    ...problemHeaders(error, "application/json; charset=utf-8"),
    "x-request-id": requestId,
    // OpenAI's clients send again by the status alone: what fails again in the same way is not worth it.
    ...(errorSpec(code).transient ? {} : { "x-should-retry": "false" }),
  };
  return new Response(JSON.stringify(describeFailure(error, requestId)), { status, headers });
}
