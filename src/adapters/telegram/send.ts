/** Sends, edits and previews messages. What Telegram cannot read as HTML is sent as the plain text it was. */
import type { Api } from "grammy";
import * as v from "valibot";
import { AppError } from "../../core/errors.ts";
import type { OutboundPart, SentRef, Target } from "../../core/message.ts";
import type { Account, Io } from "../adapter.ts";
import { callTelegram } from "./client.ts";
import { isNotModified, isUnparsable } from "./failure.ts";
import { renderMarkdown } from "./render.ts";
import { IdSchema } from "./update.ts";

const SentSchema = v.object({ message_id: IdSchema });

const NO_LINK_PREVIEW = { link_preview_options: { is_disabled: true } } as const;

/** A number where one holds the id exactly; Telegram takes its digits as text as well. */
export function wireId(id: string): number {
  const number = Number(id);
  return Number.isSafeInteger(number) ? number : (id as unknown as number); // the client writes it as it is
}

/** Where in the chat a message goes. */
export function placeOf(target: Target) {
  const { thread } = target.conversation;
  return {
    ...(thread === undefined ? {} : { message_thread_id: wireId(thread) }),
    ...(target.replyTo === undefined
      ? {}
      : {
          reply_parameters: {
            message_id: wireId(target.replyTo),
            allow_sending_without_reply: true,
          },
        }),
  };
}

/** Throws channel/unavailable where the platform says nothing of the message that it took. */
export function parseSent(sent: unknown): SentRef {
  const parsed = v.safeParse(SentSchema, sent);
  if (!parsed.success)
    throw new AppError("channel/unavailable", { detail: "Telegram's answer names no message." });
  return { id: parsed.output.message_id };
}

type TextForm = { parse_mode?: "HTML" };

/** Tries HTML first. `show` is called once more with plain text where Telegram refuses the HTML. */
async function showText<T>(
  markdown: string,
  show: (text: string, form: TextForm) => Promise<T>,
): Promise<T> {
  const { html, plain } = renderMarkdown(markdown);
  if (html === undefined) return show(plain, {});
  try {
    return await show(html, { parse_mode: "HTML" });
  } catch (error) {
    if (!isUnparsable(error)) throw error;
    return show(plain, {});
  }
}

export async function sendPart(
  target: Target,
  part: OutboundPart,
  account: Account,
  io: Io,
): Promise<SentRef> {
  const chatId = wireId(target.conversation.id);
  const options = { ...NO_LINK_PREVIEW, ...placeOf(target) };
  const send = (api: Api) =>
    showText(part.markdown, (text, form) => api.sendMessage(chatId, text, { ...options, ...form }));
  return parseSent(await callTelegram(account, io, send));
}

export async function editMessage(
  target: Target,
  ref: SentRef,
  markdown: string,
  account: Account,
  io: Io,
): Promise<void> {
  const chatId = wireId(target.conversation.id);
  await callTelegram(account, io, async (api) => {
    try {
      await showText(markdown, (text, form) =>
        api.editMessageText(chatId, wireId(ref.id), text, { ...NO_LINK_PREVIEW, ...form }),
      );
    } catch (error) {
      if (!isNotModified(error)) throw error; // it says already what it is to say
    }
  });
}

/** `draftId` is not 0. The button under the draft comes back as a `stop` event. The method has no word on link previews. */
export async function sendDraft(
  target: Target,
  draftId: number,
  markdown: string,
  account: Account,
  io: Io,
): Promise<void> {
  const { thread, id } = target.conversation;
  const place = thread === undefined ? {} : { message_thread_id: wireId(thread) };
  await callTelegram(account, io, (api) =>
    showText(markdown, (text, form) =>
      api.sendMessageDraft(wireId(id), draftId, text, { can_stop: true, ...place, ...form }),
    ),
  );
}

export async function sendTyping(target: Target, account: Account, io: Io): Promise<void> {
  const { thread, id } = target.conversation;
  const place = thread === undefined ? {} : { message_thread_id: wireId(thread) };
  await callTelegram(account, io, (api) => api.sendChatAction(wireId(id), "typing", place));
}
