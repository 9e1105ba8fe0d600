/** What is looked up once for many: the memory cache of the real workerd. */
import { afterAll, beforeAll, describe, it } from "vitest";
import { startTelegramBox, type TelegramBox } from "../support/telegram-box.ts";

const CHATS = 20;
const FIRST_CHAT = 1_001;

let box: TelegramBox;
beforeAll(async () => {
  box = await startTelegramBox({ ollama: { parallel: CHATS } });
});
afterAll(() => box.discard());

const chats = Array.from({ length: CHATS }, (_, index) => FIRST_CHAT + index);

async function say(text: string): Promise<void> {
  const before = box.telegram.callsOf("sendMessage").length;
  await Promise.all(chats.map((chat) => box.deliver(box.updates.text(chat, text))));
  await box.telegram.waitUntil(
    () => box.telegram.callsOf("sendMessage").length === before + CHATS,
    20_000,
  );
}

describe("many conversations that wake at once", () => {
  it("ask the model server once what a model can do", async ({ expect }) => {
    await say("/model chat:3b");
    await say("hello");
    const { requestsByPath, chats: asked } = box.ollama.stats();
    expect(asked).toBeGreaterThanOrEqual(CHATS);
    // Once for the model of the box, once for theirs.
    expect(requestsByPath["/api/show"]).toBeLessThanOrEqual(2);
  });

  it("are counted, by cache and level", async ({ expect }) => {
    const metrics = await (await fetch(`${box.rockpool.url}/metrics`)).text();
    const found = (cache: string, level: string, result: string) =>
      Number(
        new RegExp(
          `^rockpool_cache_lookups_total\\{cache="${cache}",level="${level}",result="${result}"\\} (\\d+)$`,
          "m",
        ).exec(metrics)?.[1] ?? 0,
      );
    expect(found("models", "process", "hit")).toBeGreaterThan(0);
    expect(found("models", "process", "miss")).toBeGreaterThan(0);
    expect(found("accounts", "isolate", "hit")).toBeGreaterThan(CHATS);
    expect(found("people", "isolate", "miss")).toBe(CHATS);
  });
});
