/**
 * The web chat as a channel. It has no platform: messages come by routes/chat.ts from a signed-in page, and answers are
 * read from the session's own stream and history, so that nothing is left to send.
 */
import { AppError } from "../../core/errors.ts";
import type { ChannelAdapter } from "../adapter.ts";

export const web: ChannelAdapter = {
  channel: "web",
  doc: "The chat page that this server shows at its own address.",
  fields: [],
  capabilities: {
    transports: ["local"],
    maxBodyBytes: 0,
    maxTextUnits: Number.MAX_SAFE_INTEGER,
    preview: () => undefined,
    resend: "idempotent",
    maxFileBytes: 0,
  },
  origins: () => [],
  async verify() {
    throw new AppError("webhook/unknown_account", { detail: "The web chat takes no webhooks." });
  },
  parse: () => [],
  send: (_target, part) => Promise.resolve({ id: part.idempotencyKey }),
};
