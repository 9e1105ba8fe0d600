import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, it } from "vitest";
import type { Account, Io } from "../../../../src/adapters/adapter.ts";
import { webhook } from "../../../../src/adapters/webhook/index.ts";
import { MAX_RETRY_AFTER_MS } from "../../../../src/adapters/webhook/send.ts";
import { AppError } from "../../../../src/core/errors.ts";
import { accountKey } from "../../../../src/core/ids.ts";

const KEY = Buffer.alloc(24, 7);
const SECRET = `whsec_${KEY.toString("base64")}`;
const io: Io = { fetch, nowMs: () => 1_700_000_000_999 };
const target = { conversation: { id: "c1", kind: "direct" as const }, replyTo: "msg_1" };
const part = { markdown: "**hi** 你好", idempotencyKey: "turn_1_0" };

interface Call {
  headers: IncomingHttpHeaders;
  body: string;
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A receiver that answers every call alike, or cuts it off where the status is 0. */
async function startReceiver(status: number, headers: Record<string, string> = {}) {
  const calls: Call[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    calls.push({ headers: request.headers, body });
    if (status === 0) request.socket.destroy();
    else response.writeHead(status, headers).end("thanks");
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // listens on TCP
  return { url: `http://127.0.0.1:${port}`, calls };
}

function account(callback: string | undefined, apiBase?: string): Account {
  return {
    key: accountKey("webhook", "main"),
    channel: "webhook",
    name: "main",
    access: "open",
    transport: "webhook",
    settings: callback === undefined ? {} : { callback },
    secrets: { secret: SECRET },
    ...(apiBase === undefined ? {} : { apiBase }),
  };
}

describe("send of the generic webhook", () => {
  it("posts the answer signed, with the same id at each try", async ({ expect }) => {
    const { url, calls } = await startReceiver(204);
    for (let times = 0; times < 2; times += 1)
      expect(await webhook.send(target, part, account(`${url}/in?x=1`), io)).toEqual({
        id: "turn_1_0",
      });
    expect(calls).toHaveLength(2);
    for (const { headers, body } of calls) {
      expect(headers["webhook-id"]).toBe("turn_1_0");
      expect(headers["webhook-timestamp"]).toBe("1700000000");
      const mac = createHmac("sha256", KEY).update(`turn_1_0.1700000000.${body}`).digest("base64");
      expect(headers["webhook-signature"]).toBe(`v1,${mac}`);
      expect(JSON.parse(body)).toEqual({
        type: "reply",
        id: "turn_1_0",
        conversation: "c1",
        text: "**hi** 你好",
        replyTo: "msg_1",
      });
    }
  });

  it("makes no call where the account has no callback", async ({ expect }) => {
    const refuse: Io = { ...io, fetch: () => Promise.reject(new Error("no call is expected")) };
    expect(await webhook.send(target, part, account(undefined), refuse)).toEqual({
      id: "turn_1_0",
    });
  });

  it("maps what the receiver answers to a code", async ({ expect }) => {
    const cases: [number, Record<string, string>, object][] = [
      [401, {}, { code: "channel/unauthorized" }],
      [403, {}, { code: "channel/unauthorized" }],
      [404, {}, { code: "channel/rejected" }],
      [410, {}, { code: "channel/rejected" }],
      [408, {}, { code: "channel/unavailable" }],
      [500, {}, { code: "channel/unavailable", retryAfterMs: undefined }],
      [503, { "retry-after": "7" }, { code: "channel/unavailable", retryAfterMs: 7_000 }],
      [429, {}, { code: "channel/rate_limited", retryAfterMs: undefined }],
      [429, { "retry-after": "0" }, { code: "channel/rate_limited", retryAfterMs: 0 }],
      [429, { "retry-after": "soon" }, { code: "channel/rate_limited", retryAfterMs: undefined }],
      [429, { "retry-after": "99999999" }, { retryAfterMs: MAX_RETRY_AFTER_MS }],
      [429, { "retry-after": "Tue, 14 Nov 2023 22:13:30 GMT" }, { retryAfterMs: 9_001 }],
      [429, { "retry-after": "Tue, 14 Nov 2000 22:13:30 GMT" }, { retryAfterMs: 0 }],
    ];
    for (const [status, headers, expected] of cases) {
      const { url } = await startReceiver(status, headers);
      await expect(webhook.send(target, part, account(url), io)).rejects.toMatchObject({
        message: `The callback address answered ${status}.`,
        ...expected,
      });
    }
  });

  it("calls a receiver that hangs up unavailable, without its address in the message", async ({
    expect,
  }) => {
    const { url } = await startReceiver(0);
    await expect(webhook.send(target, part, account(url), io)).rejects.toMatchObject({
      code: "channel/unavailable",
      message: "The callback address cannot be reached.",
    });
  });

  it("gives up on a receiver that takes too long", async ({ expect }) => {
    const slow: Io = {
      ...io,
      fetch: (_, init) => {
        expect(init?.signal?.aborted).toBe(false);
        return Promise.reject(new DOMException("too long", "TimeoutError"));
      },
    };
    await expect(
      webhook.send(target, part, account("https://a.example/"), slow),
    ).rejects.toMatchObject({ code: "channel/unavailable" });
  });

  it("passes on that the address is not allowed", async ({ expect }) => {
    const fenced: Io = { ...io, fetch: () => Promise.reject(new AppError("egress/not_allowed")) };
    await expect(
      webhook.send(target, part, account("https://a.example/"), fenced),
    ).rejects.toMatchObject({ code: "egress/not_allowed" });
  });
});

describe("origins of the generic webhook", () => {
  it("are the callback's alone, and plain http only where it was granted", ({ expect }) => {
    const cases: [string | undefined, string | undefined, string[]][] = [
      [undefined, undefined, []],
      [undefined, "http://127.0.0.1:9", []],
      ["https://a.example/in?x", undefined, ["https://a.example"]],
      ["http://a.example/in", undefined, []],
      ["http://127.0.0.1:9/in", "http://127.0.0.1:9/base", ["http://127.0.0.1:9"]],
      ["http://127.0.0.1:8/in", "http://127.0.0.1:9", []],
    ];
    for (const [callback, apiBase, expected] of cases)
      expect(webhook.origins(account(callback, apiBase))).toEqual(expected);
  });
});

describe("setup of the generic webhook", () => {
  it("posts a signed ping to the callback", async ({ expect }) => {
    const { url, calls } = await startReceiver(200);
    const report = await webhook.setup?.(account(url, url), io, "https://box.example/webhooks/x");
    expect(report).toEqual({
      done: [
        "Messages are taken at the webhook address.",
        "The callback address took a signed ping.",
      ],
    });
    const [ping] = calls;
    expect(JSON.parse(ping?.body ?? "")).toEqual({
      type: "ping",
      id: ping?.headers["webhook-id"],
    });
  });

  it("needs no call without a callback", async ({ expect }) => {
    expect(await webhook.setup?.(account(undefined), io, undefined)).toEqual({
      done: ["Answers are read by ?wait=1 or as a stream."],
    });
  });

  it("says what a callback that refuses the ping must answer", async ({ expect }) => {
    const { url } = await startReceiver(404);
    await expect(webhook.setup?.(account(url, url), io, undefined)).rejects.toMatchObject({
      code: "account/setup_failed",
      message: 'The callback address answered 404. It must answer 2xx to a signed {"type":"ping"}.',
    });
  });

  it("refuses a plain http callback outside of the granted address", async ({ expect }) => {
    const { url, calls } = await startReceiver(200);
    for (const from of [account(url), account(url, "http://127.0.0.1:1")])
      await expect(webhook.setup?.(from, io, undefined)).rejects.toMatchObject({
        code: "account/bad_settings",
        message: "The callback is neither https nor at the address given by --api-base.",
      });
    expect(calls).toEqual([]);
  });
});

describe("fields of the generic webhook", () => {
  const [secret, callback] = webhook.fields;

  it("make a new secret each time, which passes their own check", ({ expect }) => {
    const made = Array.from({ length: 50 }, () => secret?.generate?.() ?? "");
    expect(new Set(made).size).toBe(50);
    for (const value of made) expect(secret?.check?.(value)).toBeUndefined();
  });

  it("refuse secrets and callbacks of another form without repeating them", ({ expect }) => {
    for (const value of ["", "hunter2", "whsec_aHVudGVyMg==", `whsec_${"A".repeat(88)}`])
      expect(secret?.check?.(value)).toBe("A secret is whsec_ and the Base64 of 24 to 64 bytes.");
    for (const value of ["", "x", "ftp://a/", "https://u:p@a/", "https://a/#f", "javascript:1"])
      expect(callback?.check?.(value)).toBe(
        "A callback is an http or https address without credentials, of at most 2048 characters.",
      );
    for (const value of ["https://a.example/in?x=1", "http://127.0.0.1:9/"])
      expect(callback?.check?.(value)).toBeUndefined();
  });
});
