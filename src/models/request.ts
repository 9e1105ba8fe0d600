/**
 * One request to the model server. A request whose connection fails before the server has answered anything is sent
 * once more, after a short wait of random length: a kept-alive connection may just have ended, a server may just be
 * starting. Nothing was shown by then, so that a repeat is harmless. A status is an answer, and is never tried again.
 */
import * as v from "valibot";
import type { AppError } from "../core/errors.ts";
import { brokenStream, failureOfStatus, lostConnection } from "./failures.ts";
import { errorSchema } from "./fields.ts";

const RETRY_WAIT_MIN_MS = 50;
const RETRY_WAIT_MAX_MS = 150;
/** Of an answer that is no stream. A model's licence and templates are part of some. */
export const MAX_JSON_BYTES = 4 * 1024 * 1024;
const MAX_ERROR_BYTES = 16 * 1024;

export interface ServerAddress {
  fetch: typeof fetch;
  /** Without a slash at the end. */
  baseUrl: string;
  /** Sent with every request as `Authorization: Bearer …`, where the server wants one. */
  key?: string | undefined;
}

export interface ServerCall {
  path: `/${string}`;
  /** Sent by POST, as JSON or as a form; a call without it is a GET. */
  body?: Record<string, unknown> | FormData;
  /** The model that the call is about, for its errors. */
  model?: string;
  /** Of an answer that is no stream, in place of {@link MAX_JSON_BYTES}. */
  maxBytes?: number;
}

/** Waits unless the signal fires first, and then throws its reason. */
async function wait(waitMs: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, waitMs);
    signal.addEventListener("abort", finish, { once: true });
  });
  signal.throwIfAborted();
}

function renderBody(
  body: ServerCall["body"],
): Pick<RequestInit, "method" | "body"> & { headers?: Record<string, string> } {
  if (body === undefined) return { method: "GET" };
  // The runtime states a form's own type, with its boundary.
  if (body instanceof FormData) return { method: "POST", body };
  const headers = { "content-type": "application/json" };
  return { method: "POST", headers, body: JSON.stringify(body) };
}

/** Fetches once, or throws the signal's reason, or answers undefined where the connection failed. */
async function tryFetch(
  server: ServerAddress,
  call: ServerCall,
  signal: AbortSignal,
): Promise<Response | undefined> {
  const headers = server.key === undefined ? {} : { authorization: `Bearer ${server.key}` };
  const { headers: own, ...init } = renderBody(call.body);
  try {
    const { fetch } = server; // called as a plain function: the runtime's own fetch takes no other `this`
    return await fetch(server.baseUrl + call.path, {
      ...init,
      headers: { ...headers, ...own },
      redirect: "manual",
      signal,
    });
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** Reads to the end, or gives undefined and lets go of the connection where there is more than `maxBytes`. */
async function readText(response: Response, maxBytes: number): Promise<string | undefined> {
  if (!response.body) return "";
  const decoder = new TextDecoder();
  let text = "";
  let sizeBytes = 0;
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    sizeBytes += value.length;
    if (sizeBytes > maxBytes) {
      await reader.cancel();
      return undefined;
    }
    text += decoder.decode(value, { stream: true });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function readFailure(
  response: Response,
  call: ServerCall,
  signal: AbortSignal,
): Promise<AppError> {
  let text: string | undefined;
  try {
    text = await readText(response, MAX_ERROR_BYTES);
  } catch {
    signal.throwIfAborted(); // the connection ended within the error: its status says enough
  }
  const parsed = v.safeParse(errorSchema, parseJson(text ?? ""));
  return failureOfStatus({
    status: response.status,
    retryAfter: response.headers.get("retry-after"),
    serverText: parsed.success ? parsed.output : undefined,
    model: call.model,
  });
}

/** The response, its status 200 and its body unread. Throws model/*, or the signal's reason. */
export async function sendRequest(
  server: ServerAddress,
  call: ServerCall,
  signal: AbortSignal,
): Promise<Response> {
  signal.throwIfAborted();
  let response = await tryFetch(server, call, signal);
  if (!response) {
    await wait(RETRY_WAIT_MIN_MS + Math.random() * (RETRY_WAIT_MAX_MS - RETRY_WAIT_MIN_MS), signal);
    response = await tryFetch(server, call, signal);
  }
  if (!response) throw lostConnection();
  if (response.status !== 200) throw await readFailure(response, call, signal);
  return response;
}

/** The whole answer, parsed by `schema`. Throws model/*, or the signal's reason. */
export async function requestJson<const Schema extends v.GenericSchema>(
  server: ServerAddress,
  call: ServerCall,
  schema: Schema,
  signal: AbortSignal,
): Promise<v.InferOutput<Schema>> {
  const response = await sendRequest(server, call, signal);
  const maxBytes = call.maxBytes ?? MAX_JSON_BYTES;
  let text: string | undefined;
  try {
    text = await readText(response, maxBytes);
  } catch {
    signal.throwIfAborted();
    throw lostConnection();
  }
  if (text === undefined)
    throw brokenStream(`The model server's answer has more than ${maxBytes} bytes.`);
  const parsed = v.safeParse(schema, parseJson(text));
  if (!parsed.success)
    throw brokenStream(`The model server's answer to ${call.path} is not JSON of its form.`);
  return parsed.output;
}
