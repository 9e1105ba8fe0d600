/** What every call leaves behind, whatever it asks for: a line of the log and a count, and a note of its refusal. */
import type { Context, Next } from "hono";
import { errorCode } from "../core/errors.ts";
import type { HttpEnv } from "../http/middleware.ts";
import { routeName } from "../http/route-name.ts";
import { emit, measure } from "../observability/emit.ts";
import { noteRefusal } from "./note-refusals.ts";

const TOO_MANY = 429;

/** Middleware. */
export async function noteCall(c: Context<HttpEnv>, next: Next): Promise<void> {
  const startedAt = Date.now();
  await next();
  noteRefusal(c);
  const code = c.error ? errorCode(c.error) : undefined;
  // Who is told to wait is counted only: a flood must not fill the log.
  const note = c.res.status === TOO_MANY ? measure : emit;
  note({
    type: "request",
    requestId: c.get("requestId"),
    method: c.req.method,
    route: routeName(c.req.path),
    status: c.res.status,
    ms: Date.now() - startedAt,
    ...(code ? { code } : {}),
  });
}
