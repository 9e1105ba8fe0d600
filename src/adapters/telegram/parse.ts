/**
 * Turns a Telegram update into events. Pure and total: what is of another form, or of no use to an assistant, is
 * `ignored` with the reason.
 */
import * as v from "valibot";
import type {
  Conversation,
  InboundEvent,
  InboundMessage,
  Sender,
  Target,
} from "../../core/message.ts";
import type { Account } from "../adapter.ts";
import { cleanLine, cleanText } from "./clean-text.ts";
import { mediaOf } from "./media.ts";
import { findMentions } from "./mentions.ts";
import {
  type TelegramChat,
  type TelegramMessage,
  type TelegramStop,
  type TelegramUser,
  UpdateSchema,
} from "./update.ts";

/** Telegram's own limit for a message is 4,096; what is longer than this is cut off here. */
export const MAX_INBOUND_TEXT_UNITS = 32_768;
const MAX_NAME_UNITS = 128;
const MAX_TITLE_UNITS = 256;
const LANGUAGE_PATTERN = /^[A-Za-z0-9-]{2,35}$/;

/** Why an update is of no use. */
class Ignored {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

function joinName(first: string | undefined, last: string | undefined): string {
  return cleanLine([first, last].filter(Boolean).join(" "), MAX_NAME_UNITS);
}

function conversationOf(chat: TelegramChat, threadId: string | undefined): Conversation | Ignored {
  const kinds = { private: "direct", group: "group", supergroup: "group" } as const;
  if (!Object.hasOwn(kinds, chat.type))
    return new Ignored("the chat is neither private nor a group");
  const kind = kinds[chat.type as keyof typeof kinds]; // one of the keys, by the line above
  const title = cleanLine(chat.title ?? "", MAX_TITLE_UNITS);
  return {
    id: chat.id,
    kind,
    ...(threadId === undefined ? {} : { thread: threadId }),
    ...(title === "" ? {} : { title }),
  };
}

function senderOf(user: TelegramUser | undefined, account: Account): Sender | Ignored {
  if (!user) return new Ignored("the message has no sender");
  if (user.id === account.self?.id) return new Ignored("the message is the bot's own");
  if (user.is_bot) return new Ignored("the sender is a bot");
  const name = joinName(user.first_name, user.last_name) || user.username;
  const lang = user.language_code;
  return {
    id: user.id,
    ...(name === undefined ? {} : { name: cleanLine(name, MAX_NAME_UNITS) }),
    ...(lang !== undefined && LANGUAGE_PATTERN.test(lang) ? { lang } : {}),
  };
}

/** In a topic, a message that answers nothing points at the message that opened the topic. */
function repliedMessage(message: TelegramMessage): TelegramMessage["reply_to_message"] {
  const replied = message.reply_to_message;
  const opensTopic = message.is_topic_message && replied?.message_id === message.message_thread_id;
  return opensTopic ? undefined : replied;
}

function replyOf(message: TelegramMessage): InboundMessage["replyTo"] {
  const replied = repliedMessage(message);
  if (!replied) return undefined;
  const text = cleanText(
    message.quote?.text ?? replied.text ?? replied.caption ?? "",
    MAX_INBOUND_TEXT_UNITS,
  );
  return { id: replied.message_id, ...(text === "" ? {} : { text }) };
}

function targetOf(message: TelegramMessage, conversation: Conversation): Target {
  return {
    conversation,
    ...(conversation.kind === "group" ? { replyTo: message.message_id } : {}),
    ...(message.media_group_id === undefined
      ? {}
      : { extra: { mediaGroupId: cleanLine(message.media_group_id, MAX_NAME_UNITS) } }),
  };
}

function inboundMessage(message: TelegramMessage, account: Account): InboundMessage | Ignored {
  if (message.is_automatic_forward) return new Ignored("the message is a channel's");
  const thread = message.is_topic_message ? message.message_thread_id : undefined;
  const conversation = conversationOf(message.chat, thread);
  if (conversation instanceof Ignored) return conversation;
  const sender = senderOf(message.from, account);
  if (sender instanceof Ignored) return sender;

  const entities = (message.text === undefined ? message.caption_entities : message.entities) ?? [];
  const mentions = findMentions(message.text ?? message.caption ?? "", entities, account.self);
  if (mentions.forAnotherBot) return new Ignored("the command is for another bot");
  const text = cleanText(mentions.text, MAX_INBOUND_TEXT_UNITS);
  const media = mediaOf(message);
  if (text === "" && media.length === 0 && !mentions.mine)
    return new Ignored("the message has neither text nor a file");

  const replyTo = replyOf(message);
  const answersMe =
    account.self !== undefined && repliedMessage(message)?.from?.id === account.self.id;
  return {
    id: message.message_id,
    atMs: (message.edit_date ?? message.date) * 1000,
    conversation,
    sender,
    text,
    mentionsMe: conversation.kind === "direct" || mentions.mine || answersMe,
    media,
    ...(replyTo === undefined ? {} : { replyTo }),
    target: targetOf(message, conversation),
  };
}

function messageEvent(
  kind: "message" | "edit",
  key: string,
  source: TelegramMessage,
  account: Account,
): InboundEvent {
  const message = inboundMessage(source, account);
  return message instanceof Ignored
    ? { kind: "ignored", reason: message.reason }
    : { kind, key, message };
}

/** The person pressed "stop" under a draft. Only private chats have drafts: the chat's id is the person's. */
function stopEvent(key: string, stop: TelegramStop): InboundEvent {
  const conversation = conversationOf(stop.chat, stop.message_thread_id);
  if (conversation instanceof Ignored) return { kind: "ignored", reason: conversation.reason };
  const name = joinName(stop.chat.first_name, stop.chat.last_name);
  const sender: Sender = { id: stop.chat.id, ...(name === "" ? {} : { name }) };
  return { kind: "stop", key, conversation, sender, target: { conversation } };
}

export function parseUpdate(payload: unknown, account: Account): InboundEvent[] {
  const parsed = v.safeParse(UpdateSchema, payload, { abortEarly: true });
  if (!parsed.success) return [{ kind: "ignored", reason: "the update is of an unknown form" }];
  const update = parsed.output;
  const key = update.update_id;
  if (update.message) return [messageEvent("message", key, update.message, account)];
  if (update.edited_message) return [messageEvent("edit", key, update.edited_message, account)];
  if (update.stopped_message_generation) return [stopEvent(key, update.stopped_message_generation)];
  return [{ kind: "ignored", reason: "the update is of a kind that is not used" }];
}
