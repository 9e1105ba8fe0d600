/** What the server sends, as schemas: the one edge at which the page trusts a byte of it. */
import * as v from "valibot";
import type { ChatHistory, Me } from "../core/chat-protocol.ts";
import type { ErrorCode } from "../core/errors.ts";
import type { MediaRef } from "../core/message.ts";
import { ROLES } from "../core/roles.ts";
import type { Renewed } from "../core/sign-in-protocol.ts";
import type { StreamEvent } from "../core/stream.ts";

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const mediaSchema = v.object({
  kind: v.picklist(["image", "audio", "voice", "video", "file", "sticker"]),
  fileId: v.optional(v.string()),
  mime: v.optional(v.string()),
  name: v.optional(v.string()),
  sizeBytes: v.optional(count),
});

const messageSchema = v.object({
  seq: count,
  id: v.string(),
  role: v.picklist(["user", "assistant"]),
  text: v.string(),
  atMs: v.number(),
  channel: v.string(),
  sender: v.optional(v.string()),
  media: v.array(mediaSchema),
  cut: v.optional(v.picklist(["stopped", "error"])),
});

const turnState = v.picklist(["thinking", "answering", "waiting"]);

const placeSchema = v.object({ position: count, etaMs: v.optional(count) });

const streamEventSchema = v.variant("type", [
  v.object({ type: v.literal("ready"), seq: count }),
  v.object({ type: v.literal("message"), message: messageSchema }),
  v.object({
    type: v.literal("turn"),
    turnId: v.string(),
    text: v.string(),
    state: turnState,
    place: v.optional(placeSchema),
  }),
  v.object({ type: v.literal("delta"), turnId: v.string(), offset: count, text: v.string() }),
  v.object({ type: v.literal("end"), turnId: v.string() }),
]);

const historySchema = v.object({ messages: v.array(messageSchema), more: v.boolean() });

const meSchema = v.object({
  personId: v.string(),
  role: v.picklist(ROLES),
  name: v.string(),
  lang: v.picklist(["en", "zh"]),
  endsInMs: v.number(),
});

const renewedSchema = v.object({ endsInMs: v.number() });

const problemSchema = v.object({ code: v.string(), detail: v.string(), fix: v.string() });

/** Throws ValiError for anything else. */
export function parseMe(value: unknown): Me {
  return v.parse(meSchema, value) as Me; // the schema cannot brand the id
}

export function parseRenewed(value: unknown): Renewed {
  return v.parse(renewedSchema, value);
}

export function parseHistory(value: unknown): ChatHistory {
  return v.parse(historySchema, value) as ChatHistory; // absent and undefined are one in these types
}

export function parseMedia(value: unknown): MediaRef {
  return v.parse(mediaSchema, value) as MediaRef; // absent and undefined are one in these types
}

/** Undefined for an event that this version of the page does not know. */
export function parseStreamEvent(data: string): StreamEvent | undefined {
  try {
    const result = v.safeParse(streamEventSchema, JSON.parse(data));
    return result.success ? (result.output as StreamEvent) : undefined; // as above
  } catch {
    return undefined; // not JSON
  }
}

export interface ProblemText {
  code: ErrorCode;
  detail: string;
  fix: string;
}

/** Undefined for an answer that did not come from Rockpool, for example a proxy's own page. */
export function parseProblem(value: unknown): ProblemText | undefined {
  const result = v.safeParse(problemSchema, value);
  return result.success ? (result.output as ProblemText) : undefined; // an unknown code is only compared
}
