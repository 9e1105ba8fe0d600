/** What is asked of Telegram, with the client and the reader of Markdown that it takes: loaded with the first call. */
import { downloadFile, uploadFile } from "./files.ts";
import { pollUpdates } from "./poll.ts";
import { editMessage, sendDraft, sendPart, sendTyping } from "./send.ts";
import { setupBot } from "./setup.ts";

export const calls = {
  connect: pollUpdates,
  send: sendPart,
  edit: editMessage,
  draft: sendDraft,
  typing: sendTyping,
  upload: uploadFile,
  download: downloadFile,
  setup: setupBot,
};
