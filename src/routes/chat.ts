/** The web chat: what the page of a signed-in person reads and sends. Mounted at /api/chat. */
import { Hono } from "hono";
import * as v from "valibot";
import {
  type ChatHistory,
  CONVERSATION_HEADER,
  MAX_FILES_PER_MESSAGE,
  MAX_HISTORY_PAGE,
  MAX_TEXT_UNITS,
} from "../core/chat-protocol.ts";
import { AppError } from "../core/errors.ts";
import { accountKey, encodeSessionKey, type PersonId, type SessionKey } from "../core/ids.ts";
import type { AcceptRequest, Speaker } from "../core/session-protocol.ts";
import type { SignedIn } from "../do/credentials/credentials-client.ts";
import { acceptCounted } from "../do/intake/accept-counted.ts";
import { quotaError } from "../do/quota/quota-client.ts";
import { streamConversation } from "../do/session/event-stream.ts";
import { callSession } from "../do/session/session-client.ts";
import type { Env } from "../env.ts";
import { type HttpEnv, parseWith, readJson, requireSameOrigin } from "../http/middleware.ts";
import { requirePermission, verifyChannel } from "../http/permission.ts";
import { requirePerson } from "../http/session-cookie.ts";
import { decideLang } from "../phrases/phrase.ts";
import { answerFile, describeFile, storeUpload } from "./chat-files.ts";

/** The longest text with each unit escaped as \uXXXX, and the rest of the body. */
const MAX_BODY_BYTES = 256 * 1024;
const DEFAULT_PAGE = 50;
const ACCOUNT = accountKey("web", "main");

const fileId = v.pipe(v.string(), v.uuid());
const messageSchema = v.pipe(
  v.strictObject({
    id: v.pipe(v.string(), v.uuid()),
    text: v.pipe(v.string(), v.maxLength(MAX_TEXT_UNITS)),
    files: v.pipe(v.array(fileId), v.maxLength(MAX_FILES_PER_MESSAGE)),
  }),
  v.check(({ text, files }) => text.trim() !== "" || files.length > 0, "text or a file"),
);
const position = v.optional(
  v.pipe(v.string(), v.regex(/^\d{1,15}$/), v.transform(Number), v.safeInteger()),
);
const streamSchema = v.object({ after: position, of: v.optional(v.string()) });
const historySchema = v.object({
  before: position,
  limit: v.optional(
    v.pipe(v.string(), v.regex(/^\d{1,3}$/), v.transform(Number), v.maxValue(MAX_HISTORY_PAGE)),
  ),
});

/** It stays the device's own where its person turns out to be another's: what stands there is not lost from sight. */
function conversationOf({ homeId }: SignedIn): SessionKey {
  return encodeSessionKey({ channel: "web", account: "main", conversation: homeId });
}

/** The page's language goes before the stored one: it is what the person reads at this moment. */
function speakerOf(speaker: Speaker, request: Request): Speaker {
  const asked = request.headers.get("accept-language");
  return asked ? { ...speaker, lang: decideLang(asked) } : speaker;
}

type ChatEvent = AcceptRequest["event"];

/** Throws session/queue_full, quota/reached, and session/unavailable when the event could not be stored. */
async function accept(
  env: Env,
  session: SessionKey,
  speaker: Speaker,
  event: ChatEvent,
): Promise<Response> {
  const request: AcceptRequest = { session, account: ACCOUNT, speaker, event };
  const counted = await acceptCounted(env, request).catch((cause) => {
    throw new AppError("session/unavailable", { cause });
  });
  if (counted.status === "over") throw quotaError(env, speaker, counted.over);
  const { result } = counted;
  if (result.status === "full")
    throw new AppError("session/queue_full", { retryAfterMs: result.retryAfterMs });
  return Response.json({ status: result.status }, { status: 202 });
}

function directWith(speaker: Speaker, homeId: PersonId) {
  const conversation = { id: homeId, kind: "direct" as const };
  const sender = { id: speaker.personId, name: speaker.name, lang: speaker.lang };
  return { conversation, sender, target: { conversation } };
}

export const chat = new Hono<HttpEnv>()
  .use(requireSameOrigin, requirePerson, async (c, next) => {
    verifyChannel(c.get("speaker"), ACCOUNT);
    await next();
  })
  .get("/stream", requirePermission("chat:use"), async (c) => {
    const after = c.req.header("last-event-id") ?? c.req.query("after");
    const position = parseWith(streamSchema, { after, of: c.req.query("of") });
    const signedIn = c.get("signedIn");
    // It ends with the access token; the page renews that and comes back.
    const over = AbortSignal.timeout(Math.max(0, signedIn.expiresAtMs - Date.now()));
    const opened = await streamConversation(
      c.env,
      conversationOf(signedIn),
      { ...position, deviceId: signedIn.device.id },
      AbortSignal.any([c.req.raw.signal, over]),
    );
    return new Response(opened.stream, {
      headers: {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-store, no-transform",
        // Tells nginx not to hold the stream back.
        "x-accel-buffering": "no",
        [CONVERSATION_HEADER]: opened.session,
      },
    });
  })
  .get("/history", requirePermission("chat:use"), async (c) => {
    const { before, limit } = parseWith(historySchema, c.req.query());
    const session = conversationOf(c.get("signedIn"));
    const { result } = await callSession(c.env, session, (stub) =>
      stub.history(before, limit ?? DEFAULT_PAGE),
    );
    c.header("cache-control", "no-store");
    return c.json<ChatHistory>({ messages: result.messages, more: result.more });
  })
  .post("/messages", requirePermission("chat:use"), async (c) => {
    const { id, text, files } = await readJson(c.req.raw, messageSchema, MAX_BODY_BYTES);
    const speaker = speakerOf(c.get("speaker"), c.req.raw);
    const { homeId } = c.get("signedIn");
    const session = conversationOf(c.get("signedIn"));
    const media = await Promise.all(files.map((file) => describeFile(c.env, session, file)));
    return accept(c.env, session, speaker, {
      kind: "message",
      key: id,
      message: {
        id,
        atMs: Date.now(),
        text: text.toWellFormed(),
        mentionsMe: true,
        media,
        ...directWith(speaker, homeId),
      },
    });
  })
  .post("/stop", requirePermission("chat:use"), (c) => {
    const speaker = speakerOf(c.get("speaker"), c.req.raw);
    const key = `stop:${crypto.randomUUID()}`;
    const { homeId } = c.get("signedIn");
    const event = { kind: "stop" as const, key, ...directWith(speaker, homeId) };
    return accept(c.env, conversationOf(c.get("signedIn")), speaker, event);
  })
  .post("/files", requirePermission("file:send"), async (c) => {
    const session = conversationOf(c.get("signedIn"));
    return c.json(await storeUpload(c.env, session, c.get("speaker"), c.req.raw), 201);
  })
  .get("/files/:id", requirePermission("chat:use"), async (c) => {
    const id = parseWith(fileId, c.req.param("id"));
    return answerFile(c.env, conversationOf(c.get("signedIn")), id);
  });
