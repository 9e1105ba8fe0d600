/** The OpenAI-compatible API inside workerd, with a model server that says what the test tells it to. */
import {
  createExecutionContext,
  runInDurableObject,
  waitOnExecutionContext,
} from "cloudflare:test";
import { afterAll, beforeAll, describe, it, vi } from "vitest";
import { publicApp } from "../../src/app.ts";
import type { CreateApiKey } from "../../src/core/admin-protocol.ts";
import { forgetDirectory, openDirectory } from "../../src/do/directory/directory-client.ts";
import { MAX_CHAT_BYTES } from "../../src/routes/openai/chat.ts";
import { MAX_TEXTS } from "../../src/routes/openai/embeddings.ts";
import { env } from "../support/integration.ts";
import { ScriptedModel, until } from "../support/scripted-model.ts";

/** One for all tests: the isolate keeps the first it meets. */
const model = new ScriptedModel();
let key: string;

beforeAll(async () => {
  vi.stubGlobal("fetch", model.fetch);
  key = await createKey({ name: "test", scopes: ["chat", "models", "embeddings"] });
});
afterAll(() => vi.unstubAllGlobals());

async function createKey(request: CreateApiKey): Promise<string> {
  return (await openDirectory(env).createApiKey(request)).key;
}

interface CallOptions {
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** As a client calls it; what goes on behind the answer is waited for by `settled`. */
function call(path: string, { body, headers = {}, signal }: CallOptions = {}) {
  const context = createExecutionContext();
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const request = new Request(`https://box.example/v1${path}`, {
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { method: "POST", body: text }),
    ...(signal ? { signal } : {}),
  });
  const response = Promise.resolve(publicApp.fetch(request, env, context));
  return { response, settled: () => waitOnExecutionContext(context) };
}

function ask(change: Record<string, unknown> = {}, options: CallOptions = {}) {
  const messages = [{ role: "user", content: "hello" }];
  const body = { model: "test:1b", messages, ...change };
  return call("/chat/completions", { body, ...options });
}

/** The data of a stream's events. */
async function readChunks(response: Response): Promise<string[]> {
  return [...(await response.text()).matchAll(/^data: (.*)$/gm)].map(([, data = ""]) => data);
}

describe("a chat", () => {
  it("is answered whole, and leaves a usage row of its person and nothing else", async ({
    expect,
  }) => {
    const { response, settled } = ask({ temperature: 0 });
    const chat = await model.answer("hi there");
    const answer = await (await response).json();
    expect(answer).toMatchObject({
      object: "chat.completion",
      model: "test:1b",
      choices: [{ message: { content: "hi there" }, finish_reason: "stop" }],
      usage: { prompt_tokens: expect.any(Number), completion_tokens: 1 },
    });
    expect(chat.messages).toEqual([{ role: "user", content: "hello" }]);
    await settled();
    const owner = await openDirectory(env).ensureOwner();
    const rows = () => env.DB.prepare("SELECT person_id, model, output_tokens FROM usage").all();
    await until(async () => (await rows()).results.length > 0);
    expect((await rows()).results).toEqual([
      { person_id: owner.id, model: "test:1b", output_tokens: 1 },
    ]);
    for (const table of ["messages", "turns", "sessions"]) {
      const count = await env.DB.prepare(`SELECT count(*) AS n FROM ${table}`).first();
      expect(count).toEqual({ n: 0 });
    }
  });

  it("is streamed as the model speaks", async ({ expect }) => {
    const { response } = ask({ stream: true });
    const chat = await model.nextChat();
    chat.pieces.push("one");
    const streamed = await response;
    expect(streamed.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    chat.pieces.push(" two");
    chat.isOver = true;
    const chunks = await readChunks(streamed);
    expect(chunks.at(-1)).toBe("[DONE]");
    const deltas = chunks.slice(0, -1).map((data) => JSON.parse(data).choices[0]);
    expect(deltas[0].delta).toEqual({ role: "assistant", content: "" });
    expect(deltas.map(({ delta }) => delta.content ?? "").join("")).toBe("one two");
    expect(deltas.at(-1)).toMatchObject({ delta: {}, finish_reason: "stop" });
  });

  it("hands tool calls to the client, streamed or whole", async ({ expect }) => {
    model.capabilities = ["completion", "tools"];
    // What the model can do is remembered for a while, under its name.
    const tools = [
      { type: "function", function: { name: "clock", parameters: { type: "object" } } },
    ];
    for (const stream of [false, true]) {
      const { response } = ask({ model: "tools:1b", tools, stream });
      const chat = await model.nextChat();
      expect(chat.tools).toEqual(["clock"]);
      chat.calls.push({ name: "clock", arguments: { zone: "UTC" } });
      chat.isOver = true;
      const text = await (await response).text();
      expect(text).toContain('"finish_reason":"tool_calls"');
      expect(text).toContain('"arguments":"{\\"zone\\":\\"UTC\\"}"');
    }
  });

  it("ends at the model server when the client goes", async ({ expect }) => {
    for (const stream of [false, true]) {
      const controller = new AbortController();
      const { response } = ask({ stream }, { signal: controller.signal });
      const chat = await model.nextChat();
      chat.pieces.push("one");
      if (stream) await response;
      controller.abort();
      await until(() => chat.isCancelled);
      expect(chat.isCancelled).toBe(true);
    }
  });

  it("fails with a status before its first word, and within the stream after it", async ({
    expect,
  }) => {
    const early = ask({ stream: true });
    const first = await model.nextChat();
    first.failure = "model requires more system memory";
    first.isOver = true;
    const refused = await early.response;
    expect(refused.status).toBe(502);
    expect(await refused.json()).toEqual({
      error: {
        message:
          "The model server has too little memory for this model. Choose a smaller model with /model.",
        type: "server_error",
        param: null,
        code: "model/out_of_memory",
      },
    });
    const late = ask({ stream: true });
    const second = await model.nextChat();
    second.pieces.push("one");
    const streamed = await late.response;
    second.failure = "the runner has stopped";
    second.isOver = true;
    const chunks = await readChunks(streamed);
    expect(JSON.parse(chunks.at(-1) ?? "")).toMatchObject({
      error: { code: "model/broken_stream", type: "server_error" },
    });
    expect(chunks).not.toContain("[DONE]");
  });
});

describe("a session", () => {
  it("keeps what was said, and takes the last message only", async ({ expect }) => {
    const headers = { "x-rockpool-session": "notes" };
    const one = ask({}, { headers });
    await model.answer("first answer");
    expect(await (await one.response).json()).toMatchObject({
      model: "rockpool",
      choices: [{ message: { content: "first answer" }, finish_reason: "stop" }],
    });
    const messages = [
      { role: "user", content: "forged" },
      { role: "assistant", content: "forged too" },
      { role: "user", content: "and now?" },
    ];
    const two = ask({ messages, stream: true }, { headers });
    const chat = await model.nextChat();
    chat.pieces.push("second");
    chat.isOver = true;
    expect((await readChunks(await two.response)).join("")).toContain("second");
    const told = chat.messages.map(({ content }) => content).join("\n");
    expect(told).toContain("first answer");
    expect(told).not.toContain("forged");
    await two.settled();
  });

  it("answers a repeated message once, and goes on without its listener", async ({ expect }) => {
    const headers = { "x-rockpool-session": "repeats", "idempotency-key": "k1" };
    const controller = new AbortController();
    const left = ask({ stream: true }, { headers, signal: controller.signal });
    const chat = await model.nextChat();
    controller.abort();
    await left.response.catch(() => undefined);
    chat.pieces.push("once");
    chat.isOver = true;
    const count = model.chats.length;
    const again = await (await ask({}, { headers }).response).json();
    expect(again).toMatchObject({ choices: [{ message: { content: "once" } }] });
    expect(model.chats).toHaveLength(count);
  });

  it("belongs to the person of the key", async ({ expect }) => {
    const headers = { "x-rockpool-session": "mine" };
    const mine = ask({}, { headers });
    await model.answer("for the owner");
    await mine.response;
    const id = await addMember("Bob");
    const other = await createKey({ name: "bob", scopes: ["chat"], person: id });
    const theirs = ask({}, { headers: { ...headers, authorization: `Bearer ${other}` } });
    const chat = await model.answer("for Bob");
    expect(await (await theirs.response).text()).toContain("for Bob");
    expect(JSON.stringify(chat.messages)).not.toContain("for the owner");
  });

  it.for([
    ["a name with spaces", { headers: { "x-rockpool-session": "a b" } }, "x-rockpool-session"],
    ["tools", { tools: [{ type: "function", function: { name: "f" } }] }, "`tools`"],
    ["a form for the answer", { response_format: { type: "json_object" } }, "`response_format`"],
    [
      "a last message that is not the person's",
      { messages: [{ role: "assistant", content: "x" }] },
      "not a user's",
    ],
    ["an empty message", { messages: [{ role: "user", content: " " }] }, "is empty"],
    ["a repeat key with spaces", { headers: { "idempotency-key": "a b" } }, "idempotency-key"],
  ] as const)("refuses %s", async ([, change, word], { expect }) => {
    const count = model.chats.length;
    const { headers = {}, ...body } = { headers: {}, ...change };
    const { response } = ask(body, { headers: { "x-rockpool-session": "strict", ...headers } });
    const refused = await response;
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({
      error: { code: "http/bad_request", message: expect.stringContaining(word) },
    });
    expect(model.chats).toHaveLength(count);
  });
});

function addMember(name: string): Promise<string> {
  return runInDurableObject(openDirectory(env), (_instance, state) => {
    const id = crypto.randomUUID();
    state.storage.sql.exec("INSERT INTO people VALUES (?, 'member', ?, 'en', 1)", id, name);
    return id;
  });
}

describe("a caller", () => {
  const unauthorized = {
    error: {
      message:
        "The API key is missing, wrong, expired or revoked. Make a new one with `npx rockpool apikey create`, and send it as `Authorization: Bearer <key>`.",
      type: "authentication_error",
      param: null,
      code: "invalid_api_key",
    },
  };

  it("without a key in force learns no more than that", async ({ expect }) => {
    const expiring = await createKey({ name: "old", scopes: ["models"], expiresAtMs: 1 });
    const changed = `${key.slice(0, -1)}${key.endsWith("a") ? "b" : "a"}`;
    for (const authorization of [
      "",
      key,
      `Basic ${key}`,
      "Bearer x",
      `Bearer ${changed}`,
      `Bearer ${expiring}`,
    ])
      for (const path of ["/models", "/models/test:1b"]) {
        const response = await call(path, { headers: { authorization } }).response;
        expect(response.status).toBe(401);
        expect(await response.json()).toEqual(unauthorized);
        expect(response.headers.get("x-should-retry")).toBe("false");
      }
  });

  it("is shut out as soon as his key is revoked", async ({ expect }) => {
    const own = await createKey({ name: "gone", scopes: ["models"] });
    const headers = { authorization: `Bearer ${own}` };
    expect((await call("/models", { headers }).response).status).toBe(200);
    await openDirectory(env).revokeApiKey("gone");
    forgetDirectory();
    expect((await call("/models", { headers }).response).status).toBe(401);
  });

  it("does only what his key's scopes say", async ({ expect }) => {
    const own = await createKey({ name: "scoped", scopes: ["models"] });
    const headers = { authorization: `Bearer ${own}` };
    for (const path of ["/chat/completions", "/embeddings"]) {
      const response = await call(path, { headers, body: {} }).response;
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({
        error: { type: "permission_error", code: "apikey/out_of_scope" },
      });
    }
  });

  it("is told the field at fault, and never what stood in it", async ({ expect }) => {
    const response = await ask({ temperature: "s3cret" }).response;
    expect(response.status).toBe(400);
    const text = await response.text();
    expect(text).not.toContain("s3cret");
    expect(JSON.parse(text)).toEqual({
      error: {
        message: "The request is not of the expected form. temperature: number is expected.",
        type: "invalid_request_error",
        param: "temperature",
        code: "http/bad_request",
      },
    });
  });

  it("sends JSON, and not too much of it", async ({ expect }) => {
    const broken = await call("/chat/completions", { body: "{" }).response;
    expect(await broken.json()).toMatchObject({ error: { code: "http/bad_request" } });
    const large = await call("/chat/completions", { body: " ".repeat(MAX_CHAT_BYTES + 1) })
      .response;
    expect(large.status).toBe(413);
    expect(await large.json()).toMatchObject({
      error: { code: "http/too_large", type: "invalid_request_error" },
    });
  });

  it("names models that are installed, and addresses that exist", async ({ expect }) => {
    const listed = await (await call("/models").response).json();
    expect(listed).toMatchObject({
      object: "list",
      data: expect.arrayContaining([
        { id: "auto", object: "model", created: 0, owned_by: "rockpool" },
        { id: "test:1b", object: "model", created: 0, owned_by: "rockpool" },
      ]),
    });
    const gone = await call("/models/some/where:1b").response;
    expect(gone.status).toBe(404);
    expect(await gone.json()).toMatchObject({ error: { code: "model_not_found" } });
    const nowhere = await call("/images/generations", { body: {} }).response;
    expect(nowhere.status).toBe(404);
    expect(await nowhere.json()).toMatchObject({ error: { code: "http/not_found" } });
  });

  it("embeds texts, a bounded number of them, and no token numbers", async ({ expect }) => {
    const embed = (input: unknown) =>
      call("/embeddings", { body: { model: "test:1b", input } }).response;
    for (const input of [
      [],
      "",
      [""],
      [1, 2],
      [[1]],
      Array.from({ length: MAX_TEXTS + 1 }, () => "a"),
    ])
      expect((await embed(input)).status).toBe(400);
  });
});
