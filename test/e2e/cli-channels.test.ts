import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { type FakeOllama, startFakeOllama } from "../support/fake-ollama.ts";
import { type FakeTelegram, startFakeTelegram } from "../support/fake-telegram.ts";
import { deliverUpdates } from "../support/fake-telegram-deliverer.ts";
import { createUpdates, FAKE_BOT } from "../support/fake-telegram-updates.ts";
import { type RockpoolProcess, startRockpool, until } from "../support/rockpool-process.ts";
import { postWebhook, signWebhook, startCallbackReceiver } from "../support/signed-webhook.ts";

let ollama: FakeOllama;
let telegram: FakeTelegram;
let rockpool: RockpoolProcess;

beforeAll(async () => {
  ollama = await startFakeOllama();
  telegram = await startFakeTelegram();
  rockpool = await startRockpool({ modelUrl: ollama.url });
});
afterAll(async () => {
  await rockpool.discard();
  await telegram.close();
  await ollama.close();
});

function origins(): string[] {
  try {
    return JSON.parse(readFileSync(join(rockpool.dataDir, "egress.json"), "utf8")).origins;
  } catch {
    return [];
  }
}

async function runJson(args: readonly string[], input = "") {
  const result = await rockpool.run([...args, "--json"], { input });
  if (result.status !== 0) throw new Error(`${args.join(" ")}: ${result.stdout}${result.stderr}`);
  return JSON.parse(result.stdout);
}

const telegramBase = () => ["channel", "add", "telegram", "--api-base", telegram.apiBase];

describe("rockpool channel and pair, with Telegram", () => {
  it("adds a polling account by a token from standard input, and lets a stranger in", async ({
    expect,
  }) => {
    const added = await runJson(
      [...telegramBase(), "--name", "main", "--token", "-"],
      telegram.token,
    );
    expect(added.account).toMatchObject({
      transport: "poll",
      access: "pairing",
      self: { name: FAKE_BOT.username },
    });
    expect(JSON.stringify(added)).not.toContain(telegram.token);
    expect(origins()).toEqual([telegram.apiBase]);

    const updates = createUpdates();
    const chatId = 4711;
    telegram.enqueue(updates.text(chatId, "hello"));
    await telegram.waitUntil(() => telegram.messagesOf(chatId).length > 0);
    const [pending] = await runJson(["pair", "list"]);
    expect(pending).toMatchObject({ channel: "telegram", account: "main" });
    expect(telegram.messagesOf(chatId).at(-1)?.text).toContain(pending.code);

    const approved = await rockpool.run(["pair", "approve", pending.code]);
    expect(approved.stdout).toContain("may write now");
    telegram.enqueue(updates.text(chatId, "tell me something"));
    // The code, the greeting at the approval, the answer.
    await telegram.waitUntil(() => telegram.messagesOf(chatId).length === 3);
    expect(await runJson(["pair", "list"])).toEqual([]);
  });

  it("asks for the token on a terminal and shows nothing of it", async ({ expect }) => {
    const program = join(import.meta.dirname, "../../bin/rockpool");
    const words = [program, ...telegramBase(), "--name", "asked"];
    // script gives the command a terminal of its own; what a person would see comes out of it.
    const child = spawn("script", ["-qefc", words.join(" "), "/dev/null"], {
      env: { PATH: process.env.PATH ?? "", ROCKPOOL_DATA: rockpool.dataDir },
      stdio: ["pipe", "pipe", "inherit"],
    });
    let seen = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      seen += text;
    });
    const ended = new Promise((resolve) => child.once("close", resolve));
    await until(() => seen.includes("@BotFather"), "the question");
    const [first = "", ...rest] = telegram.token;
    for (const keys of [first, "x\u007f", rest.join(""), "\r"]) child.stdin.write(keys);
    expect(await ended).toBe(0);
    expect(seen).toContain("Added telegram/asked");
    expect(seen).not.toContain(telegram.token);
    expect(seen).not.toContain(rest.slice(0, 5).join(""));
    await rockpool.run(["channel", "remove", "telegram", "asked"]);
  });

  it("tests the account, refuses its name a second time, and removes it with its address", async ({
    expect,
  }) => {
    const test = await rockpool.run(["channel", "test", "telegram", "main"]);
    expect(test).toMatchObject({ status: 0 });
    expect(test.stdout).toMatch(/^ok {4}/m);
    const again = await rockpool.run([...telegramBase(), "--token", telegram.token]);
    expect(again.status).toBe(1);
    expect(again.stderr).toContain("The account telegram:main exists already.");
    expect(await rockpool.run(["channel", "remove", "telegram", "main"])).toMatchObject({
      status: 0,
      stdout: "Removed telegram/main.\n",
    });
    expect(origins()).toEqual([]);
    expect(await runJson(["channel", "list"])).toEqual([]);
  });

  it("takes the address back where the platform refuses the token, and serves on", async ({
    expect,
  }) => {
    telegram.addFault({ kind: "refuse", code: 401, times: 10 });
    const refused = await rockpool.run([...telegramBase(), "--token", telegram.token]);
    telegram.clearFaults();
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain("(getMe: 401 Injected fault)");
    expect(refused.stderr).not.toContain(telegram.token);
    expect(origins()).toEqual([]);
    expect((await fetch(`${rockpool.url}/healthz`)).status).toBe(200);
  });

  it("adds a webhook account before the server has a public address, and says what to do then", async ({
    expect,
  }) => {
    const secret = "the-secret-of-this-test";
    const added = await rockpool.run([
      ...[...telegramBase(), "--name", "hook", "--token", telegram.token, "--secret", secret],
      ...["--access", "open", "--transport", "webhook"],
    ]);
    expect(added).toMatchObject({ status: 0, stderr: "" });
    expect(added.stdout).toContain("Set ROCKPOOL_PUBLIC_URL, restart");
    expect(telegram.webhook?.url ?? "").toBe("");
    const chatId = 4713;
    const report = await deliverUpdates({
      url: `${rockpool.url}/webhooks/telegram/hook`,
      secret,
      updates: [createUpdates({ firstUpdateId: 500 }).text(chatId, "hello")],
    });
    expect(report.accepted).toBe(1);
    await telegram.waitUntil(() => telegram.messagesOf(chatId).length > 0);
    await rockpool.run(["channel", "remove", "telegram", "hook"]);
    expect(origins()).toEqual([]);
  });
});

describe("rockpool channel, with the generic webhook", () => {
  it("prints the address and the secret once, and the caller gets the answer", async ({
    expect,
  }) => {
    const added = await runJson([
      "channel",
      "add",
      "webhook",
      "--name",
      "sync",
      "--access",
      "open",
    ]);
    const secret: string = added.generated.secret;
    expect(added.webhookUrl).toBe(`${rockpool.url}/webhooks/webhook/sync`);
    expect(secret).toMatch(/^whsec_/);
    const shown = await rockpool.run(["channel", "show", "webhook", "sync"]);
    expect(shown.stdout).not.toContain(secret);

    const message = { id: "m1", conversation: "c1", user: "u1", text: "hello" };
    const answered = await postWebhook(added.webhookUrl, secret, message, { query: "?wait=1" });
    expect(answered.status).toBe(200);
    const answer = await answered.json();
    expect(answer).toMatchObject({ status: "answered", text: expect.stringMatching(/\S/) });
    const repeated = await postWebhook(added.webhookUrl, secret, message, { query: "?wait=1" });
    expect(await repeated.json()).toEqual(answer);
    const streamed = await postWebhook(
      added.webhookUrl,
      secret,
      { ...message, id: "m2" },
      { accept: "text/event-stream" },
    );
    const events = await streamed.text();
    expect(streamed.headers.get("content-type")).toBe("text/event-stream");
    expect(events).toContain('"role":"assistant"');
    expect(events.trim().split("\n").at(-1)).toContain('"type":"end"');
    const forged = await postWebhook(added.webhookUrl, `whsec_${"A".repeat(32)}`, message);
    expect(forged.status).toBe(401);
    expect(await forged.json()).toMatchObject({ code: "webhook/bad_signature" });
  });

  it("posts answers to the callback, signed", async ({ expect }) => {
    await using receiver = await startCallbackReceiver();
    const add = ["channel", "add", "webhook", "--name", "back", "--access", "open"];
    const plain = await rockpool.run([...add, "--callback", receiver.url]);
    expect(plain.status).toBe(1);
    expect(plain.stderr).toContain("neither https nor at the address given by --api-base");
    const added = await runJson([
      ...add,
      ...["--callback", `${receiver.url}/in`, "--api-base", receiver.url],
    ]);
    expect(receiver.calls.map(({ body }) => body.type)).toEqual(["ping"]);
    const { secret } = added.generated;
    const message = { id: "m1", conversation: "c9", user: "u1", text: "hello" };
    expect((await postWebhook(added.webhookUrl, secret, message)).status).toBe(202);
    await until(() => receiver.calls.length > 1, "the answer");
    const { headers, text, body } = receiver.calls[1] ?? { headers: {}, text: "", body: {} };
    expect(body).toMatchObject({ type: "reply", conversation: "c9", replyTo: "m1" });
    const [id, seconds] = [headers["webhook-id"], headers["webhook-timestamp"]].map(String);
    expect(body.id).toBe(id);
    expect(headers["webhook-signature"]).toBe(signWebhook(secret, id ?? "", seconds ?? "", text));
    await rockpool.run(["channel", "remove", "webhook", "back"]);
    expect(origins()).toEqual([]);
  });
});

describe("a server that the internet reaches", () => {
  it("registers the webhook at the platform and answers what it delivers", async ({ expect }) => {
    const server = await startRockpool({
      modelUrl: ollama.url,
      env: { ROCKPOOL_PUBLIC_URL: "https://box.example" },
    });
    const secret = "the-secret-of-this-test";
    try {
      const added = await server.run([
        ...[...telegramBase(), "--token", telegram.token, "--secret", secret],
        ...["--access", "open", "--json"],
      ]);
      expect(JSON.parse(added.stdout)).toMatchObject({
        account: { transport: "webhook" },
        webhookUrl: "https://box.example/webhooks/telegram/main",
      });
      expect(telegram.webhook?.url).toBe("https://box.example/webhooks/telegram/main");
      const updates = createUpdates({ firstUpdateId: 1000 });
      const chatId = 4712;
      const report = await deliverUpdates({
        url: `${server.url}/webhooks/telegram/main`,
        secret,
        updates: [updates.text(chatId, "hello")],
      });
      expect(report.accepted).toBe(1);
      await telegram.waitUntil(() => telegram.messagesOf(chatId).length > 0);
    } finally {
      await server.discard();
    }
  });
});
