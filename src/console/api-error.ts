/** A call of the page that failed, and whether trying again makes sense. */
import type { ProblemText } from "./schemas.ts";

export interface ApiErrorOptions {
  /** 0 where no answer came. */
  status: number;
  problem?: ProblemText | undefined;
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

export class ApiError extends Error {
  readonly status: number;
  readonly problem: ProblemText | undefined;
  readonly retryAfterMs: number | undefined;

  constructor({ status, problem, retryAfterMs, cause }: ApiErrorOptions) {
    super(problem?.detail ?? `status ${status}`, { cause });
    this.name = "ApiError";
    this.status = status;
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }

  get isSignedOut(): boolean {
    return this.status === 401;
  }

  /** True where the same call may succeed later: no answer, a busy server, a failing one. */
  get isTransient(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

export function toApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError({ status: 0, cause: error });
}
