/** Telegram, by the Bot API: https://core.telegram.org/bots/api. The face of the channel; each job has a file. */
import type { ChannelAdapter } from "../adapter.ts";
import { apiRoot } from "./client.ts";
import { telegramFields } from "./fields.ts";
import { downloadFile, MAX_FILE_BYTES, uploadFile } from "./files.ts";
import { parseUpdate } from "./parse.ts";
import { pollUpdates } from "./poll.ts";
import { MAX_MESSAGE_UNITS } from "./render.ts";
import { editMessage, sendDraft, sendPart, sendTyping } from "./send.ts";
import { setupBot } from "./setup.ts";
import { verifyUpdate } from "./verify.ts";

/** An update holds one message of at most 4,096 characters, what it answers, and their markup. */
const MAX_BODY_BYTES = 1024 * 1024;
const DRAFT_EVERY_MS = 300;
/** Telegram takes twenty messages or edits a minute for a group. */
const EDIT_EVERY_MS = 3_100;
const TYPING_MS = 5_000;

export const telegram: ChannelAdapter = {
  channel: "telegram",
  doc: "A Telegram bot, by webhook or by polling.",
  fields: telegramFields,
  capabilities: {
    transports: ["webhook", "poll"],
    maxBodyBytes: MAX_BODY_BYTES,
    maxTextUnits: MAX_MESSAGE_UNITS,
    preview: ({ kind }) =>
      kind === "direct"
        ? { how: "draft", everyMs: DRAFT_EVERY_MS }
        : { how: "edit", everyMs: EDIT_EVERY_MS },
    typingMs: TYPING_MS,
    resend: "may_double",
    maxFileBytes: MAX_FILE_BYTES,
  },
  origins: (account) => [new URL(apiRoot(account)).origin],
  verify: verifyUpdate,
  parse: parseUpdate,
  connect: pollUpdates,
  send: sendPart,
  edit: editMessage,
  draft: sendDraft,
  typing: sendTyping,
  upload: uploadFile,
  download: downloadFile,
  setup: setupBot,
};
