/**
 * A conversation kept by this box and spoken to through OpenAI's API: the last message is taken as the person's, stored
 * like one of any channel, and answered once, whatever becomes of the call.
 */
import type { Context } from "hono";
import { AppError } from "../../core/errors.ts";
import { accountKey, encodeSessionKey, type SessionKey } from "../../core/ids.ts";
import type { AcceptRequest, Speaker } from "../../core/session-protocol.ts";
import { acceptCounted } from "../../do/intake/accept-counted.ts";
import { quotaError } from "../../do/quota/quota-client.ts";
import { streamTurn } from "../../do/session/event-stream.ts";
import type { Env } from "../../env.ts";
import type { HttpEnv } from "../../http/middleware.ts";
import { type AnswerPiece, AnswerSource } from "./answer.ts";
import { imagesOf, textOf } from "./chat-request.ts";
import type { ChatBody } from "./chat-schema.ts";
import { followTurn } from "./follow-turn.ts";

export const SESSION_HEADER = "x-rockpool-session";
/** The same key again is the same message: it joins the first, and gets the same answer. */
const REPEAT_HEADER = "idempotency-key";
const SESSION_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const REPEAT_KEY = /^[\x21-\x7e]{1,200}$/;
/** The conversation's own model answers, which may change between two calls. */
const MODEL = "rockpool";

const ACCOUNT = accountKey("api", "main");

function badRequest(detail: string): AppError {
  return new AppError("http/bad_request", { detail });
}

/** The person's new message. Throws http/bad_request for what a conversation does not take from outside. */
function lastText(body: ChatBody): string {
  if (body.tools.length > 0)
    throw badRequest("A conversation has tools of its own: leave `tools` out.");
  if (body.response_format && body.response_format.type !== "text")
    throw badRequest("A conversation answers with text: leave `response_format` out.");
  const last = body.messages.at(-1);
  if (last?.role !== "user") throw badRequest("The last message is not a user's.");
  if (imagesOf(last).length > 0)
    throw badRequest("Pictures are taken without a session only, or in the web chat.");
  const text = textOf(last.content);
  if (text.trim() === "") throw badRequest("The last message is empty.");
  return text;
}

function createRequest(speaker: Speaker, name: string, key: string, text: string): AcceptRequest {
  const { personId } = speaker;
  const conversation = { id: personId, kind: "direct" as const, thread: name };
  return {
    session: encodeSessionKey({
      channel: "api",
      account: "main",
      conversation: personId,
      thread: name,
    }),
    account: ACCOUNT,
    speaker,
    event: {
      kind: "message",
      key,
      message: {
        id: key,
        atMs: Date.now(),
        conversation,
        sender: { id: personId, name: speaker.name, lang: speaker.lang },
        text,
        mentionsMe: true,
        media: [],
        target: { conversation },
      },
    },
  };
}

/** Where the conversation goes on. Throws session/queue_full, quota/reached, and session/unavailable when nothing was stored. */
async function accept(env: Env, request: AcceptRequest): Promise<SessionKey> {
  const counted = await acceptCounted(env, request).catch((cause: unknown) => {
    throw new AppError("session/unavailable", { cause });
  });
  if (counted.status === "over") throw quotaError(env, request.speaker, counted.over);
  const { session, result } = counted;
  if (result.status === "full")
    throw new AppError("session/queue_full", { retryAfterMs: result.retryAfterMs });
  return session;
}

async function* answer(
  env: Env,
  request: AcceptRequest,
  signal: AbortSignal,
): AsyncGenerator<AnswerPiece, void> {
  const session = await accept(env, request);
  const { account, event } = request;
  const { stream } = await streamTurn(env, session, { account, key: event.key }, signal);
  yield* followTurn(stream, signal);
}

/** Throws http/bad_request. A client that goes away stops listening; the conversation goes on. */
export function openSession(c: Context<HttpEnv>, body: ChatBody, name: string): AnswerSource {
  if (!SESSION_NAME.test(name))
    throw badRequest(
      `The header ${SESSION_HEADER} takes up to 64 letters, digits, dots, hyphens and underscores.`,
    );
  const key = c.req.header(REPEAT_HEADER) ?? crypto.randomUUID();
  if (!REPEAT_KEY.test(key))
    throw badRequest(`The header ${REPEAT_HEADER} takes up to 200 visible ASCII characters.`);
  const request = createRequest(c.get("apiCaller").speaker, name, key, lastText(body));
  return new AnswerSource(c, {
    model: MODEL,
    open: (signal) => answer(c.env, request, signal),
  });
}
