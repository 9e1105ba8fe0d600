/** The calls of the page to its own server. Every failure is an ApiError that says whether trying again makes sense. */
import type { ChatHistory, Me, SendMessage } from "../core/chat-protocol.ts";
import { ApiError, toApiError } from "./api-error.ts";
import { language } from "./preferences.ts";
import { createRenewal } from "./renewal.ts";
import { parseHistory, parseMe, parseProblem, parseRenewed } from "./schemas.ts";

/** A call without an answer for this long is given up. */
const CALL_TIMEOUT_MS = 30_000;

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
export async function callOnce(path: string, init: RequestInit): Promise<Response> {
  const headers = { "accept-language": language.peek(), ...init.headers };
  const signal = AbortSignal.timeout(CALL_TIMEOUT_MS);
  const response = await fetch(path, { signal, ...init, headers }).catch((error) => {
    throw toApiError(error);
  });
  if (!response.ok) throw await readFailure(response);
  return response;
}

/** The one of this page. */
export const renewal = createRenewal({
  async renew() {
    return readJson(await callOnce("/api/session/renew", jsonBody("POST", {})), parseRenewed);
  },
  nowMs: () => Date.now(),
  later: (work, ms) => setTimeout(work, ms),
});

/** As {@link callOnce}, with one more try after the access was renewed. */
export function call(path: string, init: RequestInit = {}): Promise<Response> {
  return renewal.around(() => callOnce(path, init));
}

export function jsonBody(method: "POST" | "PUT", body: unknown): RequestInit {
  const headers = { "content-type": "application/json" };
  return { method, headers, body: JSON.stringify(body) };
}

function post(path: string, body: unknown): Promise<Response> {
  return call(path, jsonBody("POST", body));
}

export async function readJson<Value>(
  response: Response,
  parse: (value: unknown) => Value,
): Promise<Value> {
  try {
    return parse(await response.json());
  } catch (error) {
    throw toApiError(error);
  }
}

/** `replace`: also where somebody else is signed in. */
export async function signIn(token: string, replace: boolean): Promise<void> {
  await callOnce("/api/sign-in", jsonBody("POST", { token, replace }));
}

export async function signOut(): Promise<void> {
  await callOnce("/api/session/sign-out", jsonBody("POST", {}));
  renewal.stop();
}

export async function loadMe(): Promise<Me> {
  const me = await readJson(await call("/api/me"), parseMe);
  renewal.lasts(me.endsInMs);
  return me;
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
