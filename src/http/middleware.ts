/**
 * What every request passes: an id for the log, headers that keep a browser on the safe side, a cap on the body, and
 * for calls that change something the proof that they come from our own page.
 */
import type { MiddlewareHandler } from "hono";
import * as v from "valibot";
import type { ApiCaller } from "../core/api-keys.ts";
import { AppError } from "../core/errors.ts";
import type { PersonId } from "../core/ids.ts";
import type { Role } from "../core/roles.ts";
import type { Speaker } from "../core/session-protocol.ts";
import type { SignedIn } from "../do/credentials/credentials-client.ts";
import type { Env } from "../env.ts";
import { isSecureCall, STRICT_TRANSPORT } from "./secure-transport.ts";

/** The type parameter of every Hono app here. */
export interface HttpEnv {
  Bindings: Env;
  Variables: {
    requestId: string;
    /** Who is signed in; set by `requirePerson`. */
    speaker: Speaker;
    /** On which device, and until when; set with it. */
    signedIn: SignedIn;
    /** Whose API key it is; set by `requireApiKey`. */
    apiCaller: ApiCaller;
    /** Of a caller who is no person here: the admin socket's. Set by `callAsOwner`. */
    role: Role;
    /** Who that is, where the box has one owner. Set by `callAsOwner`. */
    ownerId: PersonId;
  };
}

/** The page's policy: nothing from elsewhere, nothing inline, no frame around it. */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

/** The policy of everything that is no page. */
const DATA_POLICY =
  "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const SECURITY_HEADERS: Record<string, string> = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "permissions-policy":
    "accelerometer=(), camera=(), geolocation=(), gyroscope=(), microphone=(), payment=(), usb=()",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

export const assignRequestId: MiddlewareHandler<HttpEnv> = async (c, next) => {
  const requestId = crypto.randomUUID();
  c.set("requestId", requestId);
  await next();
};

/** A handler that sets its own content-security-policy keeps it. */
export const secureHeaders: MiddlewareHandler<HttpEnv> = async (c, next) => {
  await next();
  // One copy with all headers: setting them one by one on a finished answer copies it each time.
  const headers = new Headers(c.res.headers);
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) headers.set(name, value);
  headers.set("x-request-id", c.get("requestId"));
  if (!headers.has("content-security-policy")) headers.set("content-security-policy", DATA_POLICY);
  if (isSecureCall(new URL(c.req.url), c.env?.ROCKPOOL_PUBLIC_URL))
    headers.set("strict-transport-security", STRICT_TRANSPORT);
  const { body, status } = c.res;
  c.res = undefined;
  c.res = new Response(body, { status, headers });
};

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

function hostOf(origin: string | null | undefined): string | undefined {
  return origin && URL.canParse(origin) ? new URL(origin).host : undefined;
}

/**
 * Throws http/forbidden unless the request comes from a page of this very host. Hosts are compared and not schemes: a
 * reverse proxy that ends TLS passes the host on, while the request itself arrives as http.
 */
export function verifySameOrigin(request: Request, publicUrl: string | undefined): void {
  if (SAFE_METHODS.has(request.method)) return;
  const from = hostOf(request.headers.get("origin"));
  if (from !== undefined && (from === new URL(request.url).host || from === hostOf(publicUrl)))
    return;
  throw new AppError("http/forbidden", {
    detail: "The request does not come from a page of this server.",
  });
}

/** For routes that a cookie opens: another site's form or script must not use them (CSRF). */
export const requireSameOrigin: MiddlewareHandler<HttpEnv> = async (c, next) => {
  verifySameOrigin(c.req.raw, c.env.ROCKPOOL_PUBLIC_URL);
  await next();
};

/** What is read of a refused body: a sender that is cut off while it writes never sees the answer. */
export const MAX_DISCARDED_BYTES = 16 * 1024 * 1024;

/**
 * The whole body, at most `maxBytes` of it: a longer one throws http/too_large as soon as that is known and what is
 * left of it was let pass, whatever its Content-Length says.
 */
export async function readBody(
  request: Request,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const statedBytes = Number(request.headers.get("content-length") ?? 0);
  if (statedBytes > maxBytes + MAX_DISCARDED_BYTES) throw new AppError("http/too_large");
  if (request.body === null) return new Uint8Array(0);
  const reader: ReadableStreamDefaultReader<Uint8Array> = request.body.getReader();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    reader.cancel().catch(() => undefined); // the read that waits ends with it
  }, bodyMs(maxBytes));
  try {
    const whole = await readWhole(reader, statedBytes, maxBytes);
    if (!isLate) return whole;
  } finally {
    clearTimeout(timer);
  }
  throw new AppError("http/too_slow");
}

async function readWhole(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  statedBytes: number,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for (;;) {
    const isOver = Math.max(sizeBytes, statedBytes) > maxBytes;
    if (isOver) {
      await discard(reader);
      throw new AppError("http/too_large");
    }
    const { done, value } = await readChunk(reader);
    if (done) return joinChunks(chunks, sizeBytes);
    sizeBytes += value.byteLength;
    chunks.push(value);
  }
}

/** How long a body may take: what it is allowed to be long, over a line of 16 KB a second, and half a minute. */
export function bodyMs(maxBytes: number): number {
  return 30_000 + maxBytes / 16;
}

/** Lets the rest of a body pass, and hangs up on one that does not end. */
async function discard(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  try {
    for (let sizeBytes = 0; sizeBytes < MAX_DISCARDED_BYTES; ) {
      const { done, value } = await reader.read();
      if (done) return;
      sizeBytes += value.byteLength;
    }
    await reader.cancel();
  } catch {
    // The sender has gone: nobody waits for the answer.
  }
}

async function readChunk(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<ReadableStreamReadResult<Uint8Array>> {
  try {
    return await reader.read();
  } catch (cause) {
    throw new AppError("http/bad_request", { detail: "The body broke off.", cause });
  }
}

function joinChunks(chunks: Uint8Array[], sizeBytes: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(sizeBytes);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}

/** A JSON body that `schema` takes. Throws http/too_large and http/bad_request, which names the fields. */
export async function readJson<Schema extends v.GenericSchema>(
  request: Request,
  schema: Schema,
  maxBytes: number,
): Promise<v.InferOutput<Schema>> {
  const bytes = await readBody(request, maxBytes);
  return parseWith(schema, parseJson(bytes));
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch {
    // The parser's own words quote the body: they stay here.
    throw new AppError("http/bad_request", { detail: "The body is not JSON." });
  }
}

/** The value as the schema types it. Throws http/bad_request with the schema's complaints as its cause. */
export function parseWith<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  throw new AppError("http/bad_request", { cause: new v.ValiError(result.issues) });
}
