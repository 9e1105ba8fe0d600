/**
 * POST /webhooks/:channel/:account — verify, parse, accept, and only then 200. A caller whose channel allows it may ask
 * for the answer itself: `?wait=1` waits for it, `Accept: text/event-stream` follows it.
 */
import { type Context, Hono } from "hono";
import type { RawRequest } from "../adapters/adapter.ts";
import { AppError } from "../core/errors.ts";
import { accountKey, NAME_PATTERN, type SessionKey } from "../core/ids.ts";
import { findRoute, type Route } from "../do/delivery/routes-out.ts";
import { type TakenIn, takeIn } from "../do/intake/intake.ts";
import { streamTurn } from "../do/session/event-stream.ts";
import { callSession } from "../do/session/session-client.ts";
import type { Env } from "../env.ts";
import { answerError } from "../http/answer-error.ts";
import { assignRequestId, type HttpEnv, readBody } from "../http/middleware.ts";
import { stateOpen } from "../http/permission.ts";
import { renderWait } from "../http/problem.ts";
import { refusalWaitMs, verifyRate } from "../http/rate-limit.ts";
import { emit } from "../observability/emit.ts";
import { noteCall } from "./note-call.ts";

/** How long `?wait=1` waits; the caller then asks again with the same id and joins the same answer. */
const WAIT_MS = 110_000;

export const webhooks = new Hono<HttpEnv>().all(
  "/webhooks/:channel/:account",
  // One handler, and the middleware by hand: a chain takes a tenth of what a forged call may cost.
  stateOpen(async (c) => {
    await assignRequestId(c, () =>
      noteCall(c, async () => {
        c.res = await receive(c).catch((thrown: unknown) => refuse(thrown, c));
      }),
    );
    return c.res;
  }),
);

type WebhookContext = Context<HttpEnv, "/webhooks/:channel/:account">;

async function receive(c: WebhookContext): Promise<Response> {
  const route = await openRoute(c.env, c.req.param("channel"), c.req.param("account"));
  const { adapter, account, io } = route;
  const request = rawRequest(c.req.raw, adapter.capabilities.maxBodyBytes);
  const verified = await adapter.verify(request, account, io);
  if (verified.kind === "handshake") return verified.response;
  verifyRate("account", account.key);
  verifyRate("channel", account.channel);
  const taken: TakenIn[] = [];
  for (const event of adapter.parse(verified.payload, account))
    taken.push(await takeIn(c.env, route, event));
  report(route, taken);
  const full = taken.find((item) => item.outcome === "full");
  if (full) throw new AppError("session/queue_full", { retryAfterMs: full.retryAfterMs });
  const limited = taken.find((item) => item.outcome === "limited");
  if (limited && adapter.capabilities.answersCaller) throw limited.error;
  return adapter.capabilities.answersCaller
    ? answerCaller(c.env, c.req.raw, route, taken)
    : new Response(null);
}

/** Whoever was refused too often is told when to come back, and no more: the reason he had before. */
function refuse(thrown: unknown, c: WebhookContext): Response {
  c.error = thrown instanceof Error ? thrown : new AppError("http/internal", { cause: thrown });
  const waitMs = refusalWaitMs(thrown, c);
  return waitMs > 0 ? renderWait(waitMs) : answerError(thrown, c, "public");
}

async function openRoute(env: Env, channel: string, name: string): Promise<Route> {
  const isName = NAME_PATTERN.test(channel) && NAME_PATTERN.test(name);
  const route = isName ? await findRoute(env, accountKey(channel, name)) : undefined;
  if (route?.account.transport !== "webhook") throw new AppError("webhook/unknown_account");
  return route;
}

/** A flood of forged calls costs neither an address that is parsed nor a body that is read. */
function rawRequest(request: Request, maxBytes: number): RawRequest {
  return {
    method: request.method,
    get url() {
      return new URL(request.url);
    },
    headers: request.headers,
    readBytes: () => readBody(request, maxBytes),
  };
}

function report({ account }: Route, taken: readonly TakenIn[]): void {
  for (const outcome of new Set(taken.map((item) => item.outcome))) {
    const count = taken.filter((item) => item.outcome === outcome).length;
    emit({
      type: "webhook:received",
      channel: account.channel,
      account: account.name,
      outcome,
      count,
    });
  }
}

async function answerCaller(
  env: Env,
  request: Request,
  { account }: Route,
  taken: readonly TakenIn[],
): Promise<Response> {
  const stored = taken.find(
    (item) => item.outcome === "accepted" || item.outcome === "duplicate",
  ) as Extract<TakenIn, { key: string }> | undefined; // the two outcomes that carry a key
  if (!stored) return Response.json({ status: taken[0]?.outcome ?? "ignored" }, { status: 202 });
  if (request.headers.get("accept")?.includes("text/event-stream")) {
    const event = { account: account.key, key: stored.key };
    const { stream } = await streamTurn(env, stored.session, event, request.signal);
    return new Response(stream, {
      headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
    });
  }
  const wantsAnswer = new URL(request.url).searchParams.get("wait") === "1";
  return wantsAnswer
    ? waitForAnswer(env, stored.session, account.key, stored.key)
    : Response.json({ status: stored.outcome }, { status: 202 });
}

async function waitForAnswer(
  env: Env,
  session: SessionKey,
  account: Route["account"]["key"],
  key: string,
): Promise<Response> {
  const { result: reply } = await callSession(env, session, (stub) =>
    stub.reply(account, key, WAIT_MS),
  );
  if (reply.status === "answered") return Response.json({ status: "answered", text: reply.text });
  return Response.json({ status: reply.status }, { status: 202, headers: { "retry-after": "5" } });
}
