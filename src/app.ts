/** The whole route table of the public address, and what every request passes. */
import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { AppError } from "./core/errors.ts";
import { answerError } from "./http/answer-error.ts";
import { assignRequestId, type HttpEnv, secureHeaders } from "./http/middleware.ts";
import { callAsOwner } from "./http/permission.ts";
import { type ProblemReader, renderProblem } from "./http/problem.ts";
import { limitRefusals } from "./http/rate-limit.ts";
import { admin } from "./routes/admin.ts";
import { requireAdminCaller } from "./routes/admin-caller.ts";
import { chat } from "./routes/chat.ts";
import { consolePages } from "./routes/console.ts";
import { mySignIns } from "./routes/my-sign-ins.ts";
import { noteAccess } from "./routes/note-access.ts";
import { noteCall } from "./routes/note-call.ts";
import { openAi } from "./routes/openai/routes.ts";
import { ops } from "./routes/ops.ts";
import { ownExport } from "./routes/own-export.ts";
import { providerSignIn } from "./routes/provider-sign-in.ts";
import { session } from "./routes/session.ts";
import { signIn } from "./routes/sign-in.ts";
import { webhooks } from "./routes/webhooks.ts";

function createBase(reader: ProblemReader): Hono<HttpEnv> {
  const base = new Hono<HttpEnv>();
  base.use(assignRequestId, noteCall);
  base.onError((thrown, c) => answerError(limitRefusals(thrown, c), c, reader));
  base.notFound((c) => renderProblem(new AppError("http/not_found"), c.get("requestId")));
  return base;
}

/** A part that has a listener of its own is not found on the main address. */
function unlessElsewhere(listen: "ROCKPOOL_METRICS_LISTEN" | "ROCKPOOL_API_LISTEN") {
  return createMiddleware<HttpEnv>(async (c, next) => {
    if (c.env[listen]) throw new AppError("http/not_found");
    await next();
  });
}

/** For people and programs. */
export const siteApp = createBase("public")
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

/** What the internet may reach: the platforms' calls first, theirs is the hot path. */
export const publicApp = new Hono<HttpEnv>()
  .route("/", webhooks)
  .notFound((c) => siteApp.fetch(c.req.raw, c.env, c.executionCtx));

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
