/** The generic webhook, by Standard Webhooks: the answer by the same call, as a stream, and at a signed callback. */
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import type { StreamEvent } from "../../src/core/stream.ts";
import { type FakeOllama, startFakeOllama } from "../support/fake-ollama.ts";
import { type RockpoolProcess, startRockpool, until } from "../support/rockpool-process.ts";
import { linesOf } from "../support/server-log.ts";
import {
  type CallbackReceiver,
  postWebhook,
  signWebhook,
  startCallbackReceiver,
} from "../support/signed-webhook.ts";
import { countStored } from "../support/stored-rows.ts";

const SOUND = { hold: false, reply: "echo", tokenMs: 0, tokens: 8, fault: "none" } as const;

let ollama: FakeOllama;
let rockpool: RockpoolProcess;
let receiver: CallbackReceiver;
let asked: { url: string; secret: string };
let called: { url: string; secret: string };
let nextId = 0;

beforeAll(async () => {
  ollama = await startFakeOllama({ reply: "echo", parallel: 4 });
  receiver = await startCallbackReceiver();
  rockpool = await startRockpool({ modelUrl: ollama.url, env: { ROCKPOOL_MODEL_SLOTS: "4" } });
  const callback = ["--callback", `${receiver.url}/answers`, "--api-base", receiver.url];
  called = await addWebhook("called", callback);
  asked = await addWebhook("asked", []);
});
afterEach(() => {
  ollama.control(SOUND);
});
afterAll(async () => {
  await rockpool.discard();
  await receiver[Symbol.asyncDispose]();
  await ollama.close();
});

async function addWebhook(name: string, flags: readonly string[]) {
  const words = ["channel", "add", "webhook", "--name", name, "--access", "open", "--json"];
  const added = await rockpool.run([...words, ...flags]);
  if (added.status !== 0) throw new Error(`channel add: ${added.stdout}${added.stderr}`);
  const { webhookUrl, generated } = JSON.parse(added.stdout);
  return { url: String(webhookUrl), secret: String(generated.secret) };
}

function newMessage(text: string, conversation = "c1") {
  nextId += 1;
  return { id: `msg-${nextId}`, conversation, user: "anna", text };
}

function ask(message: ReturnType<typeof newMessage>, query = "?wait=1"): Promise<Response> {
  return postWebhook(asked.url, asked.secret, message, { query });
}

/** A call with any headers and body, signed as its headers say unless they say otherwise. */
function post(body: string, headers: Record<string, string> = {}, query = ""): Promise<Response> {
  nextId += 1;
  const id = headers["webhook-id"] ?? `raw-${nextId}`;
  const seconds = headers["webhook-timestamp"] ?? String(Math.floor(Date.now() / 1000));
  return fetch(asked.url + query, {
    method: "POST",
    headers: {
      "webhook-id": id,
      "webhook-timestamp": seconds,
      "webhook-signature": signWebhook(asked.secret, id, seconds, body),
      ...headers,
    },
    body,
  });
}

/** Events of a stream to its end. */
async function readEvents(response: Response): Promise<StreamEvent[]> {
  const text = await response.text();
  return [...text.matchAll(/^data: (.*)$/gm)].map((found) => JSON.parse(found[1] ?? ""));
}

describe("?wait=1", () => {
  it("answers with what the assistant says", async ({ expect }) => {
    const response = await ask(newMessage("hello"));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: "answered", text: "echo: hello" });
  });

  it("gives callers of the same message one and the same answer, at once and later", async ({
    expect,
  }) => {
    const { chats, held } = ollama.stats();
    ollama.control({ hold: true });
    const message = newMessage("once");
    const waiting = [ask(message), ask(message), ask(message)];
    await until(() => ollama.stats().held > held, "the turn");
    const repeat = await ask(message, "");
    expect(repeat.status).toBe(202);
    expect(await repeat.json()).toEqual({ status: "duplicate" });
    ollama.control({ hold: false });
    for (const response of await Promise.all(waiting))
      expect(await response.json()).toEqual({ status: "answered", text: "echo: once" });
    const later = await ask(message);
    expect(await later.json()).toEqual({ status: "answered", text: "echo: once" });
    expect(ollama.stats().chats).toBe(chats + 1);
  });

  it("answers commands, and failures, in the assistant's words", async ({ expect }) => {
    const command = await ask(newMessage("/whoami"));
    expect(await command.json()).toEqual({
      status: "answered",
      text: "You are anna (guest), here as webhook.",
    });
    ollama.control({ fault: "truncate" });
    const failure = await ask(newMessage("a question of several words"));
    expect(await failure.json()).toEqual({
      status: "answered",
      text: "The model's answer broke off. Please try again.",
    });
  });

  it("keeps a conversation to itself, and in mind", async ({ expect }) => {
    await ask(newMessage("my colour is teal", "c2"));
    await ask(newMessage("and now?", "c2"));
    const told = ollama.stats().lastChat?.messages.map((message) => message.content);
    expect(told?.slice(1)).toEqual(["my colour is teal", "echo: my colour is teal", "and now?"]);
  });

  it("answers a long text whole, in one piece", async ({ expect }) => {
    ollama.control({ reply: "words", tokens: 2_000 });
    const response = await ask(newMessage("much"));
    const { text } = (await response.json()) as { text: string }; // asserted on below
    expect(text.split(" ")).toHaveLength(2_000);
  });
});

describe("without ?wait=1", () => {
  it("takes the message and says so", async ({ expect }) => {
    const message = newMessage("no hurry", "c3");
    const response = await ask(message, "");
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ status: "accepted" });
    expect(await (await ask(message)).json()).toEqual({
      status: "answered",
      text: "echo: no hurry",
    });
  });
});

describe("Accept: text/event-stream", () => {
  it("streams the answer as it grows, and ends with it", async ({ expect }) => {
    ollama.control({ reply: "words", tokens: 30, tokenMs: 10 });
    const body = JSON.stringify({ conversation: "c4", user: "anna", text: "stream, please" });
    const response = await post(body, { accept: "text/event-stream" });
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    const events = await readEvents(response);
    const deltas = events.filter((event) => event.type === "delta");
    expect(deltas.length).toBeGreaterThan(10);
    const answer = events.findLast((event) => event.type === "message");
    expect(deltas.map((delta) => delta.text).join("")).toBe(answer?.message.text);
    let offset = 0;
    for (const delta of deltas) {
      expect(delta.offset).toBe(offset);
      offset += delta.text.length;
    }
    expect(events.at(-1)).toMatchObject({ type: "end" });
  });

  it("gives a reader who comes late the whole, and nothing of other turns", async ({ expect }) => {
    const headers = { accept: "text/event-stream", "webhook-id": "late-1" };
    const body = JSON.stringify({ conversation: "c5", user: "anna", text: "first" });
    await (await post(body, headers)).text();
    await ask(newMessage("second", "c5"));
    const events = await readEvents(await post(body, headers));
    const said = events.flatMap((event) => (event.type === "message" ? [event.message.text] : []));
    expect(said).toEqual(["first", "echo: first"]);
    expect(events.at(-1)).toMatchObject({ type: "end" });
  });
});

describe("a callback", () => {
  const answers = () => receiver.calls.filter((call) => call.body.type === "reply");

  it("is pinged when the account is added, and gets signed answers", async ({ expect }) => {
    expect(receiver.calls[0]?.body).toMatchObject({ type: "ping" });
    const message = newMessage("call me", "c6");
    expect((await postWebhook(called.url, called.secret, message)).status).toBe(202);
    await until(() => answers().length === 1, "the callback");
    const [call] = answers();
    expect(call?.body).toMatchObject({
      type: "reply",
      conversation: "c6",
      text: "echo: call me",
      replyTo: message.id,
    });
    for (const { headers, text, body } of receiver.calls) {
      const id = String(headers["webhook-id"]);
      const seconds = String(headers["webhook-timestamp"]);
      expect(id).toBe(body.id);
      expect(Math.abs(Date.now() / 1000 - Number(seconds))).toBeLessThan(60);
      expect(headers["webhook-signature"]).toBe(signWebhook(called.secret, id, seconds, text));
    }
  });

  it("is called once for a message that is posted twice", async ({ expect }) => {
    const before = answers().length;
    const message = newMessage("twice", "c7");
    await postWebhook(called.url, called.secret, message);
    await postWebhook(called.url, called.secret, message);
    await postWebhook(called.url, called.secret, newMessage("after", "c7"));
    await until(() => answers().length >= before + 2, "the callbacks");
    const texts = answers().map((call) => call.body.text);
    expect(texts.slice(before)).toEqual(["echo: twice", "echo: after"]);
  });
});

describe("a call that is not genuine", () => {
  const body = JSON.stringify({ conversation: "bad", user: "anna", text: "let me in" });
  const cases: [string, Record<string, string>, number, string][] = [
    ["a wrong signature", { "webhook-signature": "v1,AAAA" }, 401, "webhook/bad_signature"],
    ["no signature", { "webhook-signature": "" }, 401, "webhook/bad_signature"],
    ["an unknown version", { "webhook-signature": "v9,AAAA" }, 401, "webhook/bad_signature"],
    ["no id", { "webhook-id": "" }, 401, "webhook/bad_signature"],
    ["an id with a full stop", { "webhook-id": "a.b" }, 401, "webhook/bad_signature"],
    ["no time", { "webhook-timestamp": "" }, 401, "webhook/bad_signature"],
    ["an old time", { "webhook-timestamp": "1700000000" }, 401, "webhook/stale"],
    ["a time to come", { "webhook-timestamp": "4102444800" }, 401, "webhook/stale"],
  ];

  it.for(cases)(
    "is refused and leaves nothing: %s",
    async ([, headers, status, code], { expect }) => {
      const before = countStored(rockpool.dataDir);
      const response = await post(body, headers, "?wait=1");
      expect(await response.json()).toMatchObject({ status, code });
      expect(response.status).toBe(status);
      expect(countStored(rockpool.dataDir)).toEqual(before);
    },
  );

  it("is refused where another account's secret signed it", async ({ expect }) => {
    const message = newMessage("hello", "bad");
    const response = await postWebhook(asked.url, called.secret, message);
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ code: "webhook/bad_signature" });
  });

  it.for([
    ["no JSON", "{"],
    ["no text", JSON.stringify({ conversation: "bad", user: "anna" })],
    ["no conversation", JSON.stringify({ conversation: "", user: "anna", text: "x" })],
    [
      "too long a text",
      JSON.stringify({ conversation: "b", user: "a", text: "x".repeat(100_001) }),
    ],
  ] as const)("is refused though it is signed: %s", async ([, signed], { expect }) => {
    const before = countStored(rockpool.dataDir);
    const response = await post(signed, {}, "?wait=1");
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "webhook/bad_payload" });
    expect(countStored(rockpool.dataDir)).toEqual(before);
  });

  it("is refused where it is a GET", async ({ expect }) => {
    const response = await fetch(asked.url);
    expect(response.status).toBe(405);
    expect(await response.json()).toMatchObject({ code: "http/method_not_allowed" });
    expect(linesOf(rockpool.dataDir, "fault")).toEqual([]);
  });
});
