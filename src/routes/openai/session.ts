/**
 * A conversation kept by this box and spoken to through OpenAI's API: the last message is taken as the person's, stored
 * like one of any channel, and answered once, whatever becomes of the call.
 */
import type { Context } from "hono";
import { AppError } from "../../core/errors.ts";
import { accountKey, encodeSessionKey, type SessionKey } from "../../core/ids.ts";
import type { MediaRef } from "../../core/message.ts";
import type { AcceptRequest, Speaker } from "../../core/session-protocol.ts";
import { acceptCounted, type Counted } from "../../do/intake/accept-counted.ts";
import { quotaError } from "../../do/quota/quota-client.ts";
import { streamTurn } from "../../do/session/event-stream.ts";
import type { Env } from "../../env.ts";
import type { HttpEnv } from "../../http/middleware.ts";
import { type AnswerPiece, AnswerSource } from "./answer.ts";
import { imagesOf, textOf } from "./chat-request.ts";
import type { ChatBody } from "./chat-schema.ts";
import { followTurn } from "./follow-turn.ts";
import { keepPictures, parsePictures, type SentPicture } from "./session-pictures.ts";

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

/** The person's new message. Throws http/bad_request for what a conversation does not take from outside, file/too_large. */
function lastOf(env: Env, body: ChatBody): { text: string; pictures: SentPicture[] } {
  if (body.tools.length > 0)
    throw badRequest("A conversation has tools of its own: leave `tools` out.");
  if (body.response_format && body.response_format.type !== "text")
    throw badRequest("A conversation answers with text: leave `response_format` out.");
  const last = body.messages.at(-1);
  if (last?.role !== "user") throw badRequest("The last message is not a user's.");
  const said = { text: textOf(last.content), pictures: parsePictures(env, imagesOf(last)) };
  if (said.text.trim() === "" && said.pictures.length === 0)
    throw badRequest("The last message is empty.");
  return said;
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

/**
 * Where the conversation goes on. Throws session/queue_full, quota/reached, session/unavailable when nothing was stored,
 * and what keeping pictures throws.
 */
async function accept(
  env: Env,
  request: AcceptRequest,
  pictures: readonly SentPicture[],
): Promise<SessionKey> {
  const { media, drop } = await keepPictures(env, request, pictures);
  let isTaken = false;
  try {
    const counted = await acceptCounted(env, withMedia(request, media)).catch((cause: unknown) => {
      throw new AppError("session/unavailable", { cause });
    });
    isTaken = counted.status === "taken" && counted.result.status === "accepted";
    return verifyTaken(env, request, counted);
  } finally {
    if (!isTaken) await drop();
  }
}

function withMedia(request: AcceptRequest, media: MediaRef[]): AcceptRequest {
  const { event } = request;
  if (event.kind === "stop") return request;
  return { ...request, event: { ...event, message: { ...event.message, media } } };
}

function verifyTaken(env: Env, request: AcceptRequest, counted: Counted): SessionKey {
  if (counted.status === "over") throw quotaError(env, request.speaker, counted.over);
  const { session, result } = counted;
  if (result.status === "full")
    throw new AppError("session/queue_full", { retryAfterMs: result.retryAfterMs });
  return session;
}

interface Said {
  request: AcceptRequest;
  pictures: SentPicture[];
}

async function* answer(
  env: Env,
  { request, pictures }: Said,
  signal: AbortSignal,
): AsyncGenerator<AnswerPiece, void> {
  const session = await accept(env, request, pictures);
  const { account, event } = request;
  const { stream } = await streamTurn(env, session, { account, key: event.key }, signal);
  yield* followTurn(stream, signal);
}

/** Throws http/bad_request, file/too_large. A client that goes away stops listening; the conversation goes on. */
export function openSession(c: Context<HttpEnv>, body: ChatBody, name: string): AnswerSource {
  if (!SESSION_NAME.test(name))
    throw badRequest(
      `The header ${SESSION_HEADER} takes up to 64 letters, digits, dots, hyphens and underscores.`,
    );
  const key = c.req.header(REPEAT_HEADER) ?? crypto.randomUUID();
  if (!REPEAT_KEY.test(key))
    throw badRequest(`The header ${REPEAT_HEADER} takes up to 200 visible ASCII characters.`);
  const { text, pictures } = lastOf(c.env, body);
  const request = createRequest(c.get("apiCaller").speaker, name, key, text);
  return new AnswerSource(c, {
    model: MODEL,
    open: (signal) => answer(c.env, { request, pictures }, signal),
  });
}
