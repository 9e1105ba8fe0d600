import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Account, RawRequest } from "../../../../src/adapters/adapter.ts";
import { webhook } from "../../../../src/adapters/webhook/index.ts";
import { accountKey } from "../../../../src/core/ids.ts";
import { adapterContract, type FakePlatform, type Fixture } from "../../../contract/adapter.ts";

const KEY = Buffer.alloc(24, 9);
const ID = "msg_1";
const NOW_SECONDS = Math.floor(Date.now() / 1000);
const encoder = new TextEncoder();

function account(callback?: string): Account {
  return {
    key: accountKey("webhook", "main"),
    channel: "webhook",
    name: "main",
    access: "open",
    transport: "webhook",
    settings: callback === undefined ? {} : { callback },
    secrets: { secret: `whsec_${KEY.toString("base64")}` },
    ...(callback === undefined ? {} : { apiBase: callback }),
  };
}

function call(body: Uint8Array, headers: Record<string, string> = {}, key = KEY): RawRequest {
  const mac = createHmac("sha256", key).update(`${ID}.${NOW_SECONDS}.`).update(body);
  return {
    method: "POST",
    url: new URL("https://box.example/webhooks/webhook/main"),
    headers: new Headers({
      "webhook-id": ID,
      "webhook-timestamp": String(NOW_SECONDS),
      "webhook-signature": `v1,${mac.digest("base64")}`,
      ...headers,
    }),
    readBytes: () => Promise.resolve(body),
  };
}

const forged = (headers: Record<string, string>) => (body: string) =>
  call(encoder.encode(body), headers);

function fixture(title: string, body: object, message: object): Fixture {
  const target = { replyTo: ID };
  const atMs = NOW_SECONDS * 1000;
  const whole = { group: false, mentioned: false, ...body };
  const { conversation, ...rest } = message as { conversation: { id: string; kind: "direct" } };
  const common = { id: ID, atMs, text: "Hello", mentionsMe: true, media: [] };
  return {
    title,
    payload: { id: ID, atMs, body: whole },
    events: [
      {
        kind: "message",
        key: ID,
        message: {
          ...common,
          sender: { id: "u1" },
          conversation,
          target: { conversation, ...target },
          ...rest,
        },
      },
    ],
  };
}

/** A receiver of callbacks. */
async function startReceiver(): Promise<FakePlatform> {
  const shown: string[] = [];
  let next: { status: number; retryAfter?: number } | "reset" | undefined;
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request.setEncoding("utf8")) text += chunk;
    const fault = next;
    next = undefined;
    if (fault === "reset") return void request.socket.destroy();
    if (fault === undefined) shown.push(JSON.parse(text).text);
    const wait: Record<string, string> =
      fault?.retryAfter === undefined ? {} : { "retry-after": String(fault.retryAfter) };
    response.writeHead(fault?.status ?? 200, wait).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // listens on TCP
  return {
    account: account(`http://127.0.0.1:${port}`),
    shown: () => shown,
    refuse: (status, retryAfter) => {
      next = { status, ...(retryAfter === undefined ? {} : { retryAfter }) };
    },
    reset: () => {
      next = "reset";
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

adapterContract({
  adapter: webhook,
  account: account(),
  inbound: {
    sign: (body) => call(body),
    bodyOf: (payload) => (payload as { body: unknown }).body,
    forgeries: [
      { title: "without a signature", request: forged({ "webhook-signature": "" }) },
      { title: "without an id", request: forged({ "webhook-id": "" }) },
      { title: "without a time", request: forged({ "webhook-timestamp": "" }) },
      { title: "under another id", request: forged({ "webhook-id": "msg_2" }) },
      {
        title: "under another time",
        request: forged({ "webhook-timestamp": String(NOW_SECONDS - 1) }),
      },
      {
        title: "signed with another key",
        request: (body) => call(encoder.encode(body), {}, Buffer.alloc(24, 8)),
      },
      {
        title: "that is no POST",
        request: (body) => ({ ...call(encoder.encode(body)), method: "GET" }),
        code: "http/method_not_allowed",
      },
    ],
    fixtures: [
      fixture(
        "a direct message",
        { conversation: "c1", user: "u1", text: "Hello" },
        { conversation: { id: "c1", kind: "direct" } },
      ),
      fixture(
        "a group message of a named user",
        {
          conversation: "会议",
          user: { id: "u1", name: "Wei", lang: "zh" },
          text: "Hello",
          group: true,
        },
        {
          conversation: { id: "会议", kind: "group" },
          sender: { id: "u1", name: "Wei", lang: "zh" },
          mentionsMe: false,
        },
      ),
    ],
  },
  outbound: {
    start: startReceiver,
    target: { conversation: { id: "c1", kind: "direct" }, replyTo: ID },
    codes: { 403: "channel/unauthorized" },
  },
});
