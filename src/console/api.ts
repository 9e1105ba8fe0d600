/** The calls of the page to its own server. Every failure is an ApiError that says whether trying again makes sense. */
import type { ChatHistory, Me, SendMessage } from "../core/chat-protocol.ts";
import { language } from "./preferences.ts";
import { type ProblemText, parseHistory, parseMe, parseProblem } from "./schemas.ts";

/** A call without an answer for this long is given up. */
const CALL_TIMEOUT_MS = 30_000;

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

async function readFailure(response: Response): Promise<ApiError> {
  const seconds = Number(response.headers.get("retry-after"));
  const body: unknown = await response.json().catch(() => undefined);
  return new ApiError({
    status: response.status,
    problem: parseProblem(body),
    retryAfterMs: seconds > 0 ? seconds * 1000 : undefined,
  });
}

/** Throws ApiError for every answer but 2xx, and for none. */
async function call(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { "accept-language": language.peek(), ...init.headers };
  const signal = AbortSignal.timeout(CALL_TIMEOUT_MS);
  const response = await fetch(path, { signal, ...init, headers }).catch((error) => {
    throw toApiError(error);
  });
  if (!response.ok) throw await readFailure(response);
  return response;
}

function post(path: string, body: unknown): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return call(path, { method: "POST", headers, body: JSON.stringify(body) });
}

async function readJson<Value>(
  response: Response,
  parse: (value: unknown) => Value,
): Promise<Value> {
  try {
    return parse(await response.json());
  } catch (error) {
    throw toApiError(error);
  }
}

export async function signIn(token: string): Promise<void> {
  await post("/api/sign-in", { token });
}

export async function signOut(): Promise<void> {
  await post("/api/sign-out", {});
}

export async function loadMe(): Promise<Me> {
  return readJson(await call("/api/me"), parseMe);
}

export async function loadHistory(beforeSeq: number, limit: number): Promise<ChatHistory> {
  return readJson(await call(`/api/chat/history?before=${beforeSeq}&limit=${limit}`), parseHistory);
}

/** Resolves once the server has stored the message, also when it had it before. */
export async function sendMessage(message: SendMessage): Promise<void> {
  await post("/api/chat/messages", message);
}

export async function stopAnswer(): Promise<void> {
  await post("/api/chat/stop", {});
}

/** The open stream; `after` is a position in the conversation that `of` names. */
export async function openStream(
  after: number | undefined,
  of: string | undefined,
  signal: AbortSignal,
): Promise<Response> {
  const query = new URLSearchParams();
  if (after !== undefined) query.set("after", String(after));
  if (of !== undefined) query.set("of", of);
  return call(`/api/chat/stream?${query}`, { signal });
}
