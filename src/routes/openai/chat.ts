/**
 * POST /v1/chat/completions. Without a session header the client brings the whole chat with each call, and nothing of it
 * is kept but what it cost; with one, the conversation of that name goes on.
 */
import type { Context } from "hono";
import { verifyCall } from "../../do/quota/quota-client.ts";
import { openCountedModel, tallyCalls } from "../../do/turn/counted-model.ts";
import { type HttpEnv, readJson } from "../../http/middleware.ts";
import { AnswerSource } from "./answer.ts";
import { CACHE_HEADER, openCached } from "./answer-cache.ts";
import { answerWhole } from "./answer-whole.ts";
import { renderRequest } from "./chat-request.ts";
import { type ChatBody, chatSchema } from "./chat-schema.ts";
import { noteCall } from "./note-call.ts";
import { openSession, SESSION_HEADER } from "./session.ts";
import { streamAnswer } from "./stream-answer.ts";

/** Pictures travel within it. */
export const MAX_CHAT_BYTES = 20 * 1024 * 1024;
/** What nginx calls a client that has gone; nobody reads it. */
const CLIENT_GONE = 499;

export async function completeChat(c: Context<HttpEnv>): Promise<Response> {
  const body = await readJson(c.req.raw, chatSchema, MAX_CHAT_BYTES);
  const session = c.req.header(SESSION_HEADER);
  const source = session === undefined ? await askModel(c, body) : openSession(c, body, session);
  try {
    const response = body.stream
      ? await streamAnswer(source, {
          includeUsage: body.stream_options?.include_usage ?? false,
          requestId: c.get("requestId"),
        })
      : await answerWhole(source, c.get("requestId"));
    if (source.cache) response.headers.set(CACHE_HEADER, source.cache);
    return response;
  } catch (error) {
    if (c.req.raw.signal.aborted) return new Response(null, { status: CLIENT_GONE });
    throw error;
  }
}

/** Throws quota/reached, http/bad_request and model/* where the chat cannot be had as it is. */
async function askModel(c: Context<HttpEnv>, body: ChatBody): Promise<AnswerSource> {
  const { speaker, model: bound } = c.get("apiCaller");
  await verifyCall(c.env, speaker);
  const model = openCountedModel(c.env);
  const wanted = bound ?? body.model;
  const profile = await model.profile(wanted);
  const caller = { personId: speaker.personId, priority: "interactive" } as const;
  const request = renderRequest(body, profile, wanted, caller);
  const granted = speaker.access?.models;
  const chat = { ...request, ...(granted ? { granted } : {}) };
  const tallied = tallyCalls(model, profile.name);
  const ask = (signal: AbortSignal) => tallied.chat(chat, signal);
  const cached = await openCached(c.get("apiCaller"), chat, profile.name, ask);
  const { open, ...state } = cached ?? { open: ask };
  return new AnswerSource(c, {
    model: profile.name,
    open,
    note: noteCall(c, "chat", tallied.spent),
    ...state,
  });
}
