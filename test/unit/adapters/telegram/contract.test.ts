import { readFileSync } from "node:fs";
import { telegram } from "../../../../src/adapters/telegram/index.ts";
import { adapterContract, type Fixture } from "../../../contract/adapter.ts";
import { startFakeTelegram } from "../../../support/fake-telegram.ts";
import {
  createTelegramAccount,
  createWebhookCall,
  FAKE_SECRET,
} from "../../../support/telegram-account.ts";

const CHAT_ID = 5120001;
const encoder = new TextEncoder();

function loadFixtures(name: string): Fixture[] {
  const url = new URL(`../../../fixtures/telegram/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8"));
}

const withSecret = (secret: string | undefined) => (body: string) =>
  createWebhookCall(encoder.encode(body), secret);

adapterContract({
  adapter: telegram,
  account: createTelegramAccount(),
  inbound: {
    sign: (body) => createWebhookCall(body, FAKE_SECRET),
    forgeries: [
      { title: "without a secret", request: withSecret(undefined) },
      { title: "with an empty secret", request: withSecret("") },
      { title: "with a wrong secret", request: withSecret(FAKE_SECRET.replace("0", "1")) },
      { title: "with a shorter secret", request: withSecret(FAKE_SECRET.slice(0, -1)) },
      { title: "with a longer secret", request: withSecret(`${FAKE_SECRET}0`) },
      { title: "with the secret in other case", request: withSecret(FAKE_SECRET.toUpperCase()) },
      {
        title: "that is no POST",
        request: (body) => ({ ...withSecret(FAKE_SECRET)(body), method: "GET" }),
        code: "http/method_not_allowed",
      },
    ],
    fixtures: ["private", "groups", "media", "ignored"].flatMap(loadFixtures),
  },
  outbound: {
    target: { conversation: { id: String(CHAT_ID), kind: "direct" } },
    async start() {
      const fake = await startFakeTelegram();
      return {
        account: createTelegramAccount(fake.apiBase),
        shown: () => fake.messagesOf(CHAT_ID).map((message) => message.text),
        refuse: (code, retryAfterSeconds) =>
          fake.addFault({
            kind: "refuse",
            code,
            ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
          }),
        reset: () => fake.addFault({ kind: "reset" }),
        close: () => fake.close(),
      };
    },
  },
});
