/**
 * Channels without a platform: messages come by a route of this server, and answers are read from the session's own
 * stream and history, so that nothing is left to send.
 */
import { AppError } from "../core/errors.ts";
import type { ChannelAdapter } from "./adapter.ts";

export function createLocalChannel(channel: string, doc: string): ChannelAdapter {
  return {
    channel,
    doc,
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
      throw new AppError("webhook/unknown_account", {
        detail: `The channel "${channel}" takes no webhooks.`,
      });
    },
    parse: () => [],
    send: (_target, part) => Promise.resolve({ id: part.idempotencyKey }),
  };
}
