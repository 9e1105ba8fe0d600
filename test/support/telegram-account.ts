/** An account at the fake Telegram, and genuine webhook calls to it. */
import type { Account, RawRequest } from "../../src/adapters/adapter.ts";
import { accountKey } from "../../src/core/ids.ts";
import { FAKE_BOT, FAKE_TOKEN } from "./fake-telegram-updates.ts";

export const FAKE_SECRET = "fake-webhook-secret_0123456789";

export function createTelegramAccount(apiBase?: string): Account {
  return {
    key: accountKey("telegram", "main"),
    channel: "telegram",
    name: "main",
    access: "open",
    transport: "webhook",
    settings: {},
    secrets: { token: FAKE_TOKEN, secret: FAKE_SECRET },
    self: { id: String(FAKE_BOT.id), name: FAKE_BOT.username },
    ...(apiBase === undefined ? {} : { apiBase }),
  };
}

/** `secret` undefined leaves the header out. */
export function createWebhookCall(body: Uint8Array, secret: string | undefined): RawRequest {
  const headers = new Headers({ "content-type": "application/json" });
  if (secret !== undefined) headers.set("X-Telegram-Bot-Api-Secret-Token", secret);
  return {
    method: "POST",
    url: new URL("https://box.example/webhooks/telegram/main"),
    headers,
    readBytes: () => Promise.resolve(body),
  };
}
