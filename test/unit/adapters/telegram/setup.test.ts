import { afterEach, beforeEach, describe, it } from "vitest";
import type { Account, Io } from "../../../../src/adapters/adapter.ts";
import { telegram } from "../../../../src/adapters/telegram/index.ts";
import { catchError, expectNoSecret } from "../../../contract/secrecy.ts";
import { type FakeTelegram, startFakeTelegram } from "../../../support/fake-telegram.ts";
import { createTelegramAccount, FAKE_SECRET } from "../../../support/telegram-account.ts";

const io: Io = { fetch, nowMs: () => Date.now() };
const URL_OF_BOX = "https://box.example/webhooks/telegram/main";

let fake: FakeTelegram;
let account: Account;

beforeEach(async () => {
  fake = await startFakeTelegram();
  account = createTelegramAccount(fake.apiBase);
});
afterEach(() => fake.close());

const setup = (url: string | undefined, of = account) => telegram.setup?.(of, io, url);

describe("setting a bot up", () => {
  it("finds its name, registers the webhook with its secret and lists the commands", async ({
    expect,
  }) => {
    expect(await setup(URL_OF_BOX)).toEqual({
      self: { id: "7000000001", name: "rockpool_bot" },
      done: [
        "The bot is @rockpool_bot.",
        `Telegram sends updates to ${URL_OF_BOX}.`,
        "The commands are listed in English and Chinese.",
      ],
    });
    expect(fake.callsOf("setWebhook")[0]?.body).toEqual({
      url: URL_OF_BOX,
      secret_token: FAKE_SECRET,
      allowed_updates: ["message", "edited_message", "stopped_message_generation"],
      max_connections: 100,
    });
    expect([...fake.commands.keys()]).toEqual(["", "zh"]);
    const names = ["help", "new", "status", "model", "stop", "link", "whoami", "forget"];
    for (const list of fake.commands.values()) {
      const listed = (list as { command: string }[]).map(({ command }) => command); // what setMyCommands was given
      expect(listed).toEqual(expect.arrayContaining(names));
      expect(new Set(listed).size).toBe(listed.length);
    }
  });

  it("removes the webhook where updates are polled", async ({ expect }) => {
    await setup(URL_OF_BOX);
    const report = await setup(undefined, { ...account, transport: "poll" });
    expect(fake.webhook).toBeUndefined();
    expect(report?.done).toContain(
      "Updates are fetched by polling; a webhook that was set is removed.",
    );
  });

  it("leaves the webhook alone where the box has no public address, and says what to do", async ({
    expect,
  }) => {
    const report = await setup(undefined);
    expect(fake.callsOf("setWebhook")).toEqual([]);
    expect(fake.callsOf("deleteWebhook")).toEqual([]);
    expect(report?.done[1]).toContain("Set ROCKPOOL_PUBLIC_URL, restart");
  });

  it("registers no webhook that would have no secret", async ({ expect }) => {
    const { secret: _secret, ...secrets } = account.secrets;
    await expect(setup(URL_OF_BOX, { ...account, secrets })).rejects.toMatchObject({
      code: "account/bad_settings",
      message: "A webhook needs the field `secret`.",
    });
    expect(fake.webhook).toBeUndefined();
  });

  it("says that Telegram does not know the token", async ({ expect }) => {
    const wrong = { ...account, secrets: { ...account.secrets, token: "1:wrong" } };
    const error = await catchError(setup(URL_OF_BOX, wrong) ?? Promise.resolve());
    expect(error).toMatchObject({
      code: "account/setup_failed",
      message: "The platform does not accept the account's token. (getMe: 401 Unauthorized)",
    });
    expectNoSecret(expect, error, wrong);
  });

  it("repeats what Telegram has against the address", async ({ expect }) => {
    const description = "Bad Request: bad webhook: An HTTPS URL must be provided for webhook";
    fake.addFault({ kind: "refuse", method: "setWebhook", code: 400, description });
    await expect(setup(URL_OF_BOX)).rejects.toMatchObject({
      code: "account/setup_failed",
      message: `The platform refused the message. (setWebhook: 400 ${description})`,
    });
  });

  it("says when to try again", async ({ expect }) => {
    fake.addFault({ kind: "refuse", code: 429, retryAfterSeconds: 3 });
    await expect(setup(URL_OF_BOX)).rejects.toMatchObject({
      code: "account/setup_failed",
      retryAfterMs: 3_000,
    });
  });

  it("refuses an answer that names no bot", async ({ expect }) => {
    fake.addFault({
      kind: "garble",
      method: "getMe",
      status: 200,
      body: '{"ok":true,"result":{}}',
    });
    await expect(setup(URL_OF_BOX)).rejects.toMatchObject({
      code: "account/setup_failed",
      message: "The token belongs to no bot.",
    });
  });
});
