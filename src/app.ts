/** The whole route table of the public address, and what every request passes. */
import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { AppError, errorCode, errorSpec } from "./core/errors.ts";
import { assignRequestId, type HttpEnv, secureHeaders } from "./http/middleware.ts";
import { callAsOwner } from "./http/permission.ts";
import { type ProblemReader, renderProblem } from "./http/problem.ts";
import { limitRefusals } from "./http/rate-limit.ts";
import { emit, measure } from "./observability/emit.ts";
import { describeError } from "./observability/redact.ts";
import { admin } from "./routes/admin.ts";
import { requireAdminCaller } from "./routes/admin-caller.ts";
import { chat } from "./routes/chat.ts";
import { consolePages } from "./routes/console.ts";
import { mySignIns } from "./routes/my-sign-ins.ts";
import { noteAccess } from "./routes/note-access.ts";
import { noteRefusals } from "./routes/note-refusals.ts";
import { openAi } from "./routes/openai/routes.ts";
import { ops } from "./routes/ops.ts";
import { ownExport } from "./routes/own-export.ts";
import { providerSignIn } from "./routes/provider-sign-in.ts";
import { session } from "./routes/session.ts";
import { signIn } from "./routes/sign-in.ts";
import { webhooks } from "./routes/webhooks.ts";

const TOO_MANY = 429;

function createBase(reader: ProblemReader): Hono<HttpEnv> {
  const base = new Hono<HttpEnv>();
  base.use(assignRequestId, noteRefusals, async (c, next) => {
    const startedAt = Date.now();
    await next();
    const code = c.error ? errorCode(c.error) : undefined;
    // Who is told to wait is counted only: a flood must not fill the log.
    const note = c.res.status === TOO_MANY ? measure : emit;
    note({
      type: "request",
      requestId: c.get("requestId"),
      method: c.req.method,
      route: routeOf(c.req.path),
      status: c.res.status,
      ms: Date.now() - startedAt,
      ...(code ? { code } : {}),
    });
  });
  base.onError((thrown, c) => {
    const error = limitRefusals(thrown, c);
    const code = errorCode(error);
    if (errorSpec(code).status >= 500)
      emit({
        type: "fault",
        where: `http:${routeOf(c.req.path)}`,
        code,
        cause: describeError(error),
      });
    return renderProblem(error, c.get("requestId"), reader);
  });
  base.notFound((c) => renderProblem(new AppError("http/not_found"), c.get("requestId")));
  return base;
}

/** A path without what differs from call to call: few enough for a metric's label. */
function routeOf(path: string): string {
  const [, first = "", second = ""] = path.split("/");
  if (first === "v1")
    return ["chat", "embeddings", "models"].includes(second) ? `/v1/${second}` : "/v1";
  if (first === "api") return `/api/${second === "chat" ? "chat" : "session"}`;
  return [
    "webhooks",
    "healthz",
    "readyz",
    "metrics",
    "status",
    "host",
    "accounts",
    "api-keys",
    "audit",
    "keys",
    "pairings",
    "people",
    "say",
    "owner-link",
    "sign-ins",
  ].includes(first)
    ? `/${first}`
    : "/";
}

/** A part that has a listener of its own is not found on the main address. */
function unlessElsewhere(listen: "ROCKPOOL_METRICS_LISTEN" | "ROCKPOOL_API_LISTEN") {
  return createMiddleware<HttpEnv>(async (c, next) => {
    if (c.env[listen]) throw new AppError("http/not_found");
    await next();
  });
}

/** What the internet may reach. Machines come first: they read no browser headers, and theirs is the hot path. */
export const publicApp = createBase("public")
  .route("/webhooks", webhooks)
  .use("/v1/*", unlessElsewhere("ROCKPOOL_API_LISTEN"))
  .route("/v1", openAi)
  .use(secureHeaders)
  .use("/metrics", unlessElsewhere("ROCKPOOL_METRICS_LISTEN"))
  .route("/api/chat", chat)
  .route("/api/session", session)
  .route("/api/me", mySignIns)
  .route("/api/export", ownExport)
  .route("/api/sign-in", providerSignIn)
  .route("/api", signIn)
  .route("/", ops)
  .route("/", consolePages);

/** For machines that watch, on a listener of its own. */
export const metricsApp = createBase("public").use(secureHeaders).route("/", ops);

/** For programs, on a listener of its own. */
export const apiApp = createBase("public").route("/v1", openAi);

/** Administration over the network: whoever calls is known first, and then does what the role allows. */
export const adminListenerApp = createBase("public")
  .use(secureHeaders, requireAdminCaller, noteAccess)
  .route("/", admin);

/** What the box's owner reaches through the admin socket. */
export const adminApp = createBase("owner").use(callAsOwner, noteAccess).route("/", admin);
