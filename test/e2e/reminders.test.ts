/** A reminder in the real program: set without a model, kept through a kill, sent once. */
import { afterAll, beforeAll, describe, it } from "vitest";
import { until } from "../support/rockpool-process.ts";
import { readSession, type StoredSession } from "../support/stored-rows.ts";
import { startTelegramBox, type TelegramBox } from "../support/telegram-box.ts";

const CHAT = 3_001;

let box: TelegramBox;

beforeAll(async () => {
  box = await startTelegramBox();
});
afterAll(() => box.discard());

function session(): StoredSession {
  return readSession(box.rockpool.dataDir, `telegram:main:${CHAT}`);
}

function texts(): string[] {
  return box.telegram.messagesOf(CHAT).map((message) => message.text);
}

/** A kill between the platform's answer and its mark may double a message; the kills here come after it. */
function allMarked(): Promise<void> {
  const areSent = () =>
    session()
      .rows("outbox")
      .every((row) => row.state === "sent");
  return until(areSent, "every sent message is marked");
}

describe("a reminder", () => {
  it("that is set before everything is killed comes once, after it", async ({ expect }) => {
    await box.deliver(box.updates.text(CHAT, "/timezone 北京"));
    await box.deliver(box.updates.text(CHAT, "/remind in 6 seconds drink tea"));
    await box.telegram.waitUntil(() => texts().length >= 2, 15_000);
    expect(texts()[1]).toMatch(/^I will remind you on .+ \(Asia\/Shanghai\): drink tea$/);
    await allMarked();
    await box.kill9();
    await box.telegram.waitUntil(() => texts().includes("Reminder: drink tea"), 30_000);
    await allMarked();
    await box.kill9();
    await box.deliver(box.updates.text(CHAT, "/reminders"));
    await box.telegram.waitUntil(() => texts().length >= 4, 15_000);
    expect(texts()).toHaveLength(4);
    expect(texts()[3]).toContain("No reminder waits here.");
    expect(session().rows("reminders")).toEqual([]);
  });
});
