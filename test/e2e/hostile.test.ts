/** What nobody should send: each gets a coded answer and changes nothing, and the server stays up. */
import { request } from "node:http";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import { encodeSessionKey } from "../../src/core/ids.ts";
import { until } from "../support/rockpool-process.ts";
import { countStored, readSession } from "../support/stored-rows.ts";
import { FAKE_SECRET } from "../support/telegram-account.ts";
import { type PostInit, startTelegramBox, type TelegramBox } from "../support/telegram-box.ts";

const MEGABYTE = 1024 * 1024;

let box: TelegramBox;

beforeAll(async () => {
  box = await startTelegramBox();
});
afterEach(async ({ expect }) => {
  expect((await fetch(`${box.rockpool.url}/healthz`)).status).toBe(200);
});
afterAll(() => box.discard());

function nested(depth: number, heart: string): string {
  return "[".repeat(depth) + heart + "]".repeat(depth);
}

const sessionOf = (chat: number | string) =>
  encodeSessionKey({ channel: "telegram", account: "main", conversation: String(chat) });

interface Refused {
  what: string;
  body: string | Uint8Array<ArrayBuffer>;
  init?: PostInit;
  status: number;
  code: string;
}

const genuine = JSON.stringify({ update_id: 1, message: { text: "hello" } });

const REFUSED: Refused[] = [
  {
    what: "a wrong secret",
    body: genuine,
    init: { secret: "wrong" },
    status: 401,
    code: "webhook/bad_signature",
  },
  {
    what: "no secret",
    body: genuine,
    init: { secret: null },
    status: 401,
    code: "webhook/bad_signature",
  },
  {
    what: "a GET",
    body: "",
    init: { method: "GET" },
    status: 405,
    code: "http/method_not_allowed",
  },
  {
    what: "a body of 10 MB",
    body: new Uint8Array(10 * MEGABYTE),
    status: 413,
    code: "http/too_large",
  },
  { what: "no body", body: "", status: 400, code: "webhook/bad_payload" },
  {
    what: "half of a JSON text",
    body: '{"update_id": 1,',
    status: 400,
    code: "webhook/bad_payload",
  },
  {
    what: "bytes that are no UTF-8",
    body: new Uint8Array([0x22, 0xff, 0xfe, 0x22]),
    status: 400,
    code: "webhook/bad_payload",
  },
  {
    what: "JSON too deep to be looked through",
    body: nested(400_000, "9007199254740993"),
    status: 400,
    code: "webhook/bad_payload",
  },
  {
    what: "an account that does not exist",
    body: genuine,
    init: { path: "/webhooks/telegram/nobody" },
    status: 404,
    code: "webhook/unknown_account",
  },
  {
    what: "a channel that does not exist",
    body: genuine,
    init: { path: "/webhooks/pigeon/main" },
    status: 404,
    code: "webhook/unknown_account",
  },
  {
    what: "the web chat's own account",
    body: genuine,
    init: { path: "/webhooks/web/main" },
    status: 404,
    code: "webhook/unknown_account",
  },
  {
    what: "a name that is none",
    body: genuine,
    init: { path: "/webhooks/telegram/%2e%2e%2fmain" },
    status: 404,
    code: "webhook/unknown_account",
  },
  {
    what: "half of the path",
    body: genuine,
    init: { path: "/webhooks/telegram" },
    status: 404,
    code: "http/not_found",
  },
  {
    what: "more than the path",
    body: genuine,
    init: { path: "/webhooks/telegram/main/more" },
    status: 404,
    code: "http/not_found",
  },
];

describe("a webhook call that is not genuine", () => {
  it.for(REFUSED)("gets its code: $what", async (refused, { expect }) => {
    const before = countStored(box.rockpool.dataDir);
    const response = await box.post(refused.body, refused.init);
    const text = await response.text();
    expect(response.headers.get("content-type")).toContain("application/problem+json");
    expect(JSON.parse(text)).toMatchObject({ status: refused.status, code: refused.code });
    expect(response.status).toBe(refused.status);
    expect(text).not.toContain(FAKE_SECRET);
    expect(countStored(box.rockpool.dataDir)).toEqual(before);
  });

  it("is refused where it does not say its length and does not end", async ({ expect }) => {
    const { status, sentBytes } = await postEndlessly(64 * MEGABYTE);
    // 0: who never stops writing may be cut off before he reads.
    expect([413, 0]).toContain(status);
    expect(sentBytes).toBeLessThan(64 * MEGABYTE);
  });
});

describe("a flood of calls with a wrong secret", () => {
  it("is told to wait, stores nothing and is not logged call by call, while genuine calls pass", async ({
    expect,
  }) => {
    const before = countStored(box.rockpool.dataDir);
    const flood = Array.from({ length: 200 }, () => box.post(genuine, { secret: "wrong" }));
    const responses = await Promise.all(flood);
    const limited = responses.filter(({ status }) => status === 429);
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([401, 429]));
    expect(limited.length).toBeGreaterThan(150);
    expect(Number(limited[0]?.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await limited[0]?.text()).toBe("");
    expect(countStored(box.rockpool.dataDir)).toEqual(before);
    expect((await box.post(JSON.stringify({ update_id: 2 }))).status).toBe(200);
  });
});

describe("a body that was pressed together", () => {
  it("is not unpacked: a bomb stays as small as it came", async ({ expect }) => {
    const bomb = gzipSync(Buffer.alloc(64 * MEGABYTE));
    expect(bomb.length).toBeLessThan(MEGABYTE / 8);
    const headers = {
      "content-encoding": "gzip",
      "x-telegram-bot-api-secret-token": box.secret,
    };
    const init = { method: "POST", headers, body: new Uint8Array(bomb) };
    const response = await fetch(box.webhookUrl, init);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "webhook/bad_payload" });
  });
});

describe("connections that say nothing to the end", () => {
  it("hold nobody else up", async ({ expect }) => {
    const { hostname, port } = new URL(box.rockpool.url);
    const sockets = Array.from({ length: 200 }, () => connect(Number(port), hostname));
    try {
      for (const socket of sockets) {
        socket.on("error", () => undefined);
        socket.write("POST /webhooks/telegram/main HTTP/1.1\r\nHost: box\r\nContent-Length: 9\r\n");
      }
      const startedMs = performance.now();
      expect((await box.post(JSON.stringify({ update_id: 3 }))).status).toBe(200);
      expect(performance.now() - startedMs).toBeLessThan(5_000);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });
});

/** Writes until there is an answer, the connection is closed, or `maxBytes` are out. */
function postEndlessly(maxBytes: number): Promise<{ status: number; sentBytes: number }> {
  const chunk = Buffer.alloc(MEGABYTE / 4);
  let sentBytes = 0;
  return new Promise((resolve) => {
    const call = request(box.webhookUrl, {
      method: "POST",
      headers: {
        "x-telegram-bot-api-secret-token": box.secret,
        "transfer-encoding": "chunked",
      },
    });
    const finish = (status: number) => {
      call.destroy();
      resolve({ status, sentBytes });
    };
    const write = () => {
      if (call.destroyed) return;
      if (sentBytes >= maxBytes) return finish(0);
      sentBytes += chunk.length;
      call.write(chunk, () => setImmediate(write));
    };
    call.on("response", (response) => finish(response.statusCode ?? 0));
    call.on("error", () => finish(0));
    write();
  });
}

describe("an update that means nothing here", () => {
  const person = { id: 5, is_bot: false, first_name: "P" };
  const chat = { id: 5, type: "private" };
  const message = { message_id: 1, date: 1, chat, from: person, text: "hello" };
  const meaningless: [string, unknown][] = [
    ["nothing", null],
    ["a number", 7],
    ["a list", []],
    ["an empty object", {}],
    ["an unknown kind", { update_id: 1, poll_answer: { poll_id: "1", option_ids: [0] } }],
    ["a post of a channel", { update_id: 2, channel_post: { ...message, from: undefined } }],
    [
      "a message of a channel",
      { update_id: 3, message: { ...message, chat: { id: -1, type: "channel" } } },
    ],
    ["a message without a sender", { update_id: 4, message: { ...message, from: undefined } }],
    [
      "a message of a bot",
      { update_id: 5, message: { ...message, from: { ...person, is_bot: true } } },
    ],
    ["a message of nothing", { update_id: 6, message: { ...message, text: undefined } }],
    ["an id that is a fraction", { update_id: 7, message: { ...message, message_id: 1.5 } }],
    ["a text that is an object", { update_id: 8, message: { ...message, text: { toString: 1 } } }],
    ["a prototype", JSON.parse('{"update_id": 9, "__proto__": {"message": {"text": "x"}}}')],
  ];

  it.for(meaningless)("is taken and forgotten: %s", async ([, update], { expect }) => {
    const before = countStored(box.rockpool.dataDir);
    const response = await box.post(JSON.stringify(update));
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("");
    expect(countStored(box.rockpool.dataDir)).toEqual(before);
  });

  it("may be a hundred thousand levels deep", async ({ expect }) => {
    const before = countStored(box.rockpool.dataDir);
    expect((await box.post(nested(100_000, ""))).status).toBe(200);
    expect(countStored(box.rockpool.dataDir)).toEqual(before);
  });
});

describe("a strange message of a person", () => {
  const answers = (chat: number | string) =>
    box.telegram.callsOf("sendMessage").filter((call) => String(call.body.chat_id) === `${chat}`);

  it("of 100,000 characters is cut to what is taken, and answered in parts", async ({ expect }) => {
    const chat = 2_001;
    await box.deliver(box.updates.text(chat, `${"x".repeat(99_980)} the very last words`));
    await box.deliver(box.updates.text(chat, "/whoami"));
    const isOver = () => answers(chat).some((call) => String(call.body.text).startsWith("You are"));
    await box.telegram.waitUntil(() => isOver() && answers(chat).length >= 4);
    const texts = box.telegram.messagesOf(chat).map((message) => message.text);
    expect(texts.filter((text) => text.startsWith("echo: x"))).toHaveLength(1);
    expect(texts.join("")).not.toContain("the very last words");
    const { rows } = readSession(box.rockpool.dataDir, sessionOf(chat));
    expect(rows("inbox")).toHaveLength(2);
    expect(rows("messages")).toHaveLength(4);
  });

  it("loses its control characters and half characters, and nothing else", async ({ expect }) => {
    const chat = 2_002;
    const update = JSON.stringify(box.updates.text(chat, "TEXT"))
      .replace("TEXT", "a\\u0000b\\u0007c\\ud800d\\u001b[31m é 😀\\udc00")
      .replace(/"first_name":"[^"]*"/g, '"first_name":"\\ud800\\u0000"');
    expect((await box.post(update)).status).toBe(200);
    await box.telegram.waitUntil(() => answers(chat).length === 1);
    expect(box.telegram.messagesOf(chat)[0]?.text).toBe("echo: abc\ufffdd[31m é 😀\ufffd");
  });

  it("is answered once when it comes a hundred times at once", async ({ expect }) => {
    const chat = 2_003;
    const update = JSON.stringify(box.updates.text(chat, "again and again"));
    const responses = await Promise.all(Array.from({ length: 100 }, () => box.post(update)));
    expect(new Set(responses.map((response) => response.status))).toEqual(new Set([200]));
    await box.telegram.waitUntil(() => answers(chat).length >= 1);
    await box.deliver(box.updates.text(chat, "/whoami"));
    await box.telegram.waitUntil(() => answers(chat).length >= 2);
    const texts = box.telegram.messagesOf(chat).map((message) => message.text);
    expect(texts[0]).toBe("echo: again and again");
    expect(texts).toHaveLength(2);
    expect(readSession(box.rockpool.dataDir, sessionOf(chat)).rows("inbox")).toHaveLength(2);
  });

  it("with ids beyond 2^53 is told from the one whose last digit differs", async ({ expect }) => {
    const chats = ["9007199254740992", "9007199254740993"];
    for (const [index, chat] of chats.entries()) {
      const update = JSON.stringify(box.updates.text(424_242, `chat ${index}`))
        .replaceAll(":424242", `:${chat}`)
        .replace(/"update_id":\d+/, `"update_id":${chat}`);
      expect((await box.post(update)).status).toBe(200);
    }
    for (const [index, chat] of chats.entries()) {
      await box.telegram.waitUntil(() => answers(chat).length === 1);
      expect(answers(chat)[0]?.body.text).toBe(`echo: chat ${index}`);
      expect(readSession(box.rockpool.dataDir, sessionOf(chat)).rows("messages")).toHaveLength(2);
    }
  });
});

describe("strangers at an account that pairs", () => {
  it("are three at most, and leave no conversation behind", async ({ expect }) => {
    const { rockpool, telegram, updates } = box;
    await box.addAccount({ name: "club", access: "pairing" });
    const before = countStored(rockpool.dataDir);
    const sentBefore = telegram.callsOf("sendMessage").length;

    const club = { path: "/webhooks/telegram/club" };
    const strangers = Array.from({ length: 200 }, (_, index) => 30_000 + index);
    const responses = await Promise.all(
      strangers.map((id) => box.post(JSON.stringify(updates.text(id, "let me in")), club)),
    );
    const inGroup = updates.groupMention(-777, 40_000, "let me in");
    responses.push(await box.post(JSON.stringify(inGroup), club));
    expect(new Set(responses.map((response) => response.status))).toEqual(new Set([200]));
    await until(() => countStored(rockpool.dataDir).pairings === 3, "the pairings");
    expect(countStored(rockpool.dataDir)).toEqual({ ...before, pairings: 3 });
    const status = JSON.parse((await rockpool.run(["status", "--json"])).stdout);
    expect(status).toMatchObject({ pendingPairings: 3 });
    const told = telegram.callsOf("sendMessage").slice(sentBefore);
    expect(new Set(told.map((call) => call.body.chat_id)).size).toBe(3);
    expect(told).toHaveLength(3);
  });
});
