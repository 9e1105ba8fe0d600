/** An event as a session keeps it: sealed in the person's message, and opened again by those who work on it. */
import { type Command, parseCommand } from "../../core/command.ts";
import type { TurnId } from "../../core/ids.ts";
import type { Conversation, MediaRef, Target } from "../../core/message.ts";
import type { AcceptRequest } from "../../core/session-protocol.ts";
import type { Redactor } from "../../redaction/redactor.ts";
import type { Picture } from "../../turn/pictures.ts";
import type { UserBody } from "./history.ts";
import type { SessionParts } from "./session-parts.ts";
import { userMessageId } from "./turn-names.ts";

type Event = AcceptRequest["event"];

export interface StoredEvent {
  request: AcceptRequest;
  takenBack: number;
  /** It was a /cancel that left the talk with a person. */
  leftPerson?: true;
  /** Position of the person's message. */
  seq: number;
  /** Its pictures as they were made out at an earlier try. */
  shown?: readonly Picture[];
  /** What was made of its files before, where documents among them were read. */
  prepared?: Pick<UserBody, "documents" | "asked" | "pictures">;
}

/** The event as it is sealed: its text stands once, beside it. */
export function userBody(request: AcceptRequest, takenBack: number): UserBody {
  const { event, speaker } = request;
  if (event.kind === "stop") return { text: "/stop", media: [], request, takenBack };
  const sender = event.message.conversation.kind === "group" ? { sender: speaker.name } : {};
  const { text, media } = event.message;
  const bare = { ...request, event: { ...event, message: { ...event.message, text: "" } } };
  return { text, media: publicMedia(media), ...sender, request: bare, takenBack };
}

/** The event with its texts as they may be kept: what was said, what that answers to, and names of files. */
export function maskEvent(request: AcceptRequest, { isIdle, mask }: Redactor): AcceptRequest {
  const { event } = request;
  if (isIdle || event.kind === "stop") return request;
  const { text, media, replyTo } = event.message;
  const message = {
    ...event.message,
    text: mask(text),
    media: media.map((item) => (item.name ? { ...item, name: mask(item.name) } : item)),
    ...(replyTo?.text ? { replyTo: { ...replyTo, text: mask(replyTo.text) } } : {}),
  };
  return { ...request, event: { ...event, message } };
}

/** Media of a message that a reader may know of: ids of the platform stay inside. */
function publicMedia(media: readonly MediaRef[]): MediaRef[] {
  return media.map(({ id: _id, ...rest }) => rest);
}

/** The event again, as it came in; undefined when it was forgotten meanwhile. */
export async function openEvent(
  parts: SessionParts,
  turnId: TurnId,
): Promise<StoredEvent | undefined> {
  const stored = await parts.history.openUser(userMessageId(turnId));
  if (!stored) return undefined;
  const { request, takenBack, leftPerson, text, documents, asked, pictures } = stored.body;
  if (request.event.kind !== "stop") request.event.message.text = text;
  const event = {
    request,
    takenBack,
    seq: stored.seq,
    ...(leftPerson ? { leftPerson } : {}),
    ...(pictures ? { shown: pictures } : {}),
  };
  if (!documents) return event;
  const prepared = { documents, ...(asked ? { asked } : {}), ...(pictures ? { pictures } : {}) };
  return { ...event, prepared };
}

export function targetOf(event: Event): Target {
  return event.kind === "stop" ? event.target : event.message.target;
}

export function conversationOf(event: Event): Conversation {
  return event.kind === "stop" ? event.conversation : event.message.conversation;
}

/** The command that an event is; undefined for what the model answers. */
export function commandOf(event: Event): Command | undefined {
  return event.kind === "stop" ? { name: "stop", args: "" } : parseCommand(event.message.text);
}
