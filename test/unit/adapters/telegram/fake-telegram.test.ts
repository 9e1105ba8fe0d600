import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, it } from "vitest";
import { type FakeTelegram, startFakeTelegram } from "../../../support/fake-telegram.ts";
import { deliverUpdates } from "../../../support/fake-telegram-deliverer.ts";
import { createUpdates, type Update } from "../../../support/fake-telegram-updates.ts";

let fake: FakeTelegram;
beforeEach(async () => {
  fake = await startFakeTelegram();
});
afterEach(() => fake.close());

/** The Bot API's JSON, called without any client. */
async function call(method: string, body: object = {}) {
  const response = await fetch(`${fake.apiBase}/bot${fake.token}/${method}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return (await response.json()) as { ok: boolean; result?: unknown; description?: string };
}

describe("the fake Telegram", () => {
  it("refuses what Telegram refuses", async ({ expect }) => {
    const refusals: [object, string][] = [
      [{ text: "" }, "Bad Request: message text is empty"],
      [{ text: "a".repeat(4097) }, "Bad Request: message is too long"],
      [{ text: "<b>a", parse_mode: "HTML" }, "Bad Request: can't parse entities: "],
      [{ text: "<p>a</p>", parse_mode: "HTML" }, "Bad Request: can't parse entities: "],
      [{ text: "a & b", parse_mode: "HTML" }, "Bad Request: can't parse entities: "],
    ];
    for (const [body, description] of refusals)
      expect(await call("sendMessage", { chat_id: 1, ...body })).toMatchObject({
        ok: false,
        error_code: 400,
        description: expect.stringContaining(description),
      });
    expect(await call("sendMessageDraft", { chat_id: 1, draft_id: 0, text: "a" })).toMatchObject({
      ok: false,
    });
    expect(await call("flyToTheMoon")).toMatchObject({ error_code: 404 });
  });

  it("lets one reader poll, and none beside a webhook", async ({ expect }) => {
    const first = call("getUpdates", { timeout: 30 });
    await fake.waitUntil(() => fake.counts.get("getUpdates") === 1);
    const second = call("getUpdates", { timeout: 30 });
    expect(await first).toMatchObject({ ok: false, error_code: 409 });
    const update = createUpdates().text(1, "a");
    fake.enqueue(update);
    expect(await second).toEqual({ ok: true, result: [update] });
    await call("setWebhook", { url: "https://a.b" });
    expect(await call("getUpdates")).toMatchObject({ ok: false, error_code: 409 });
  });

  it("hits as many calls as a fault says, and may carry out the call it cuts off", async ({
    expect,
  }) => {
    fake.addFault({ kind: "refuse", code: 500, times: 2 });
    expect(await call("getMe")).toMatchObject({ error_code: 500 });
    expect(await call("getMe")).toMatchObject({ error_code: 500 });
    expect(await call("getMe")).toMatchObject({ ok: true });
    fake.addFault({ kind: "reset", taken: true });
    await expect(call("sendMessage", { chat_id: 1, text: "a" })).rejects.toThrow("fetch failed");
    expect(fake.messagesOf(1)).toMatchObject([{ text: "a" }]);
  });

  it("delivers each update until it is accepted, with the secret", async ({ expect }) => {
    const seen = new Map<number, number>();
    const secrets = new Set<unknown>();
    const box = createServer(async (request, response) => {
      secrets.add(request.headers["x-telegram-bot-api-secret-token"]);
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const update: Update = JSON.parse(Buffer.concat(chunks).toString());
      const tries = (seen.get(update.update_id) ?? 0) + 1;
      seen.set(update.update_id, tries);
      if (tries === 1 && update.update_id % 3 === 0) response.socket?.destroy();
      else response.writeHead(tries === 1 && update.update_id % 3 === 1 ? 503 : 200).end();
    });
    await new Promise<void>((resolve) => box.listen(0, "127.0.0.1", resolve));
    const { port } = box.address() as AddressInfo;
    try {
      const report = await deliverUpdates({
        url: `http://127.0.0.1:${port}/webhooks/telegram/main`,
        secret: "s",
        updates: createUpdates().stream(30, 4, (index) => `message ${index}`),
        concurrency: 5,
        retryMs: 1,
      });
      expect(report).toMatchObject({ accepted: 30, attempts: 50 });
      expect(report.latenciesMs).toHaveLength(30);
      expect(Object.fromEntries(report.statuses)).toEqual({ 0: 10, 200: 30, 503: 10 });
      expect(seen.size).toBe(30);
      expect([...secrets]).toEqual(["s"]);
    } finally {
      box.closeAllConnections();
      await new Promise((resolve) => box.close(resolve));
    }
  });

  it("deals messages out to as many chats as it is told", ({ expect }) => {
    const chats = [...createUpdates().stream(10, 3, String)].map(
      (update) => (update.message as { chat: { id: number } }).chat.id,
    );
    expect([...new Set(chats)]).toEqual([1001, 1002, 1003]);
  });
});
