/** Telegram, by the Bot API: https://core.telegram.org/bots/api. The face of the channel; each job has a file. */
import type { ChannelAdapter } from "../adapter.ts";
import { apiRoot, telegramFields } from "./fields.ts";
import { MAX_FILE_BYTES, MAX_MESSAGE_UNITS } from "./limits.ts";
import { parseUpdate } from "./parse.ts";
import { verifyUpdate } from "./verify.ts";

/** An update holds one message of at most 4,096 characters, what it answers, and their markup. */
const MAX_BODY_BYTES = 1024 * 1024;
const DRAFT_EVERY_MS = 300;
/** Telegram takes twenty messages or edits a minute for a group. */
const EDIT_EVERY_MS = 3_100;
const TYPING_MS = 5_000;

async function loadCalls() {
  const { calls } = await import("./calls.ts");
  return calls;
}

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
  async *connect(...args) {
    yield* (await loadCalls()).connect(...args);
  },
  send: async (...args) => (await loadCalls()).send(...args),
  edit: async (...args) => (await loadCalls()).edit(...args),
  draft: async (...args) => (await loadCalls()).draft(...args),
  typing: async (...args) => (await loadCalls()).typing(...args),
  upload: async (...args) => (await loadCalls()).upload(...args),
  download: async (...args) => (await loadCalls()).download(...args),
  setup: async (...args) => (await loadCalls()).setup(...args),
};
