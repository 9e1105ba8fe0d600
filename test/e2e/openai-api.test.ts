/** OpenAI's own npm client, unchanged, against a real server. */
import OpenAI from "openai";
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import { type FakeOllama, startFakeOllama } from "../support/fake-ollama.ts";
import { photoOf } from "../support/photo.ts";
import { type RockpoolProcess, startRockpool, until } from "../support/rockpool-process.ts";

const SOUND = { hold: false, reply: "echo", tokenMs: 0, tokens: 8, fault: "none" } as const;

let ollama: FakeOllama;
let rockpool: RockpoolProcess;
let apiKey: string;
let client: OpenAI;

beforeAll(async () => {
  ollama = await startFakeOllama({ ...SOUND, parallel: 4 });
  rockpool = await startRockpool({ modelUrl: ollama.url });
  apiKey = (await createKey("laptop")).key;
  client = createClient(apiKey);
});
afterEach(() => {
  ollama.control(SOUND);
});
afterAll(async () => {
  await rockpool.discard();
  await ollama.close();
});

function createClient(apiKey: string, defaultHeaders: Record<string, string> = {}): OpenAI {
  return new OpenAI({ apiKey, baseURL: `${rockpool.url}/v1`, maxRetries: 0, defaultHeaders });
}

async function createKey(name: string, flags: readonly string[] = []) {
  const made = await rockpool.run(["apikey", "create", "--name", name, "--json", ...flags]);
  if (made.status !== 0) throw new Error(`apikey create: ${made.stdout}${made.stderr}`);
  return JSON.parse(made.stdout);
}

function say(content: string) {
  return { role: "user" as const, content };
}

describe("OpenAI's client", () => {
  it("lists models and shows one", async ({ expect }) => {
    const models = await client.models.list();
    expect(models.data.map(({ id }) => id)).toContain("chat:3b");
    expect(await client.models.retrieve("chat:3b")).toMatchObject({
      id: "chat:3b",
      object: "model",
    });
    await expect(client.models.retrieve("gone/model:1b")).rejects.toThrow(OpenAI.NotFoundError);
  });

  it("chats", async ({ expect }) => {
    const answer = await client.chat.completions.create({
      model: "chat:3b",
      messages: [{ role: "system", content: "Be brief." }, say("茶 or café?")],
    });
    expect(answer.choices).toEqual([
      {
        index: 0,
        message: { role: "assistant", content: "echo: 茶 or café?", refusal: null },
        logprobs: null,
        finish_reason: "stop",
      },
    ]);
    expect(answer).toMatchObject({ object: "chat.completion", model: "chat:3b" });
    // What the log calls this call.
    expect(answer._request_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.usage?.total_tokens).toBeGreaterThan(0);
  });

  it("streams, with the usage at the end where it asks", async ({ expect }) => {
    const stream = await client.chat.completions.create({
      model: "auto",
      messages: [say("one two three")],
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = "";
    let usage: OpenAI.CompletionUsage | null | undefined;
    const reasons: unknown[] = [];
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      if (chunk.choices[0]) reasons.push(chunk.choices[0].finish_reason);
      usage = chunk.usage;
    }
    expect(text).toBe("echo: one two three");
    expect(reasons.at(-1)).toBe("stop");
    expect(usage?.completion_tokens).toBe(4);
  });

  it("gets tool calls, and brings their results", async ({ expect }) => {
    const parameters = { type: "object", properties: { zone: { type: "string" } } };
    const tools = [{ type: "function" as const, function: { name: "clock", parameters } }];
    const messages: OpenAI.ChatCompletionMessageParam[] = [say('call clock {"zone":"UTC"}')];
    const asked = await client.chat.completions.create({ model: "chat:3b", messages, tools });
    const [choice] = asked.choices;
    const [call] = choice?.message.tool_calls ?? [];
    expect(choice?.finish_reason).toBe("tool_calls");
    expect(call).toMatchObject({
      type: "function",
      function: { name: "clock", arguments: '{"zone":"UTC"}' },
    });
    if (!choice || !call) throw new Error("no call");
    messages.push(choice.message, { role: "tool", tool_call_id: call.id, content: "12:00" });
    const told = await client.chat.completions.create({ model: "chat:3b", messages, tools });
    expect(told.choices[0]?.finish_reason).toBe("stop");
    expect(ollama.stats().lastChat?.messages.slice(1)).toMatchObject([
      { role: "assistant", tool_calls: [{ function: { name: "clock" } }] },
      { role: "tool", content: "12:00", tool_name: "clock" },
    ]);
  });

  it("gets them in a stream as well, by its own runner", async ({ expect }) => {
    const seen: unknown[] = [];
    const runner = client.chat.completions.runTools({
      model: "chat:3b",
      stream: true,
      messages: [say('call clock {"zone":"Asia/Tokyo"}')],
      tools: [
        {
          type: "function",
          function: {
            name: "clock",
            description: "Tells the time.",
            parameters: { type: "object" },
            parse: JSON.parse,
            function: (given: unknown) => {
              seen.push(given);
              return "21:00";
            },
          },
        },
      ],
    });
    expect(await runner.finalContent()).toBe('echo: call clock {"zone":"Asia/Tokyo"}');
    expect(seen).toEqual([{ zone: "Asia/Tokyo" }]);
  });

  it("shows pictures to a model that sees", async ({ expect }) => {
    const url = "data:image/png;base64,iVBORw0KGgo=";
    const content = [
      { type: "text" as const, text: "what is this?" },
      { type: "image_url" as const, image_url: { url } },
    ];
    const messages = [{ role: "user" as const, content }];
    await client.chat.completions.create({ model: "see:4b", messages });
    expect(ollama.stats().lastChat?.messages).toEqual([
      { role: "user", content: "what is this?", images: ["iVBORw0KGgo="] },
    ]);
  });

  it("is told that a chat is too long", async ({ expect }) => {
    const ask = { model: "chat:3b", messages: [say("word ".repeat(40_000))] };
    await expect(client.chat.completions.create(ask)).rejects.toMatchObject({
      status: 400,
      code: "context_length_exceeded",
    });
  });

  it("is told what a model cannot do", async ({ expect }) => {
    const tools = [{ type: "function" as const, function: { name: "clock" } }];
    const ask = { model: "see:4b", messages: [say("time?")], tools };
    await expect(client.chat.completions.create(ask)).rejects.toMatchObject({
      status: 400,
      code: "model/unsupported",
      message: expect.stringContaining('The model "see:4b" takes no tools.'),
    });
  });

  it("embeds", async ({ expect }) => {
    const answer = await client.embeddings.create({ model: "embed", input: ["tea", "茶"] });
    expect(answer.data).toHaveLength(2);
    expect(answer.data[0]?.embedding).toHaveLength(8);
    expect(Math.hypot(...(answer.data[1]?.embedding ?? []))).toBeCloseTo(1, 5);
  });
});

describe("the model server", () => {
  it("is free again when the client goes away", async ({ expect }) => {
    ollama.control({ reply: "words", tokens: 2_000, tokenMs: 20 });
    const before = ollama.stats().aborted;
    const stream = await client.chat.completions.create({
      model: "chat:3b",
      messages: [say("talk for long")],
      stream: true,
    });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
    await until(() => ollama.stats().aborted > before, "the model call to end");
    expect(ollama.stats().active).toBe(0);
  });

  it("is free for the next when the client goes away from a long answer in one piece", async ({
    expect,
  }) => {
    ollama.control({ tokenMs: 400, fault: "stall", at: 3, stallMs: 600_000 });
    const { aborted, chats } = ollama.stats();
    const controller = new AbortController();
    const body = JSON.stringify({ model: "chat:3b", messages: [say("a b c d e f")] });
    const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
    const asked = { method: "POST", headers, body, signal: controller.signal };
    const left = fetch(`${rockpool.url}/v1/chat/completions`, asked);
    await until(() => ollama.stats().chats > chats, "the model call to begin");
    // It waits for the only slot for so long that its own answer begins with empty lines.
    const next = client.chat.completions.create({ model: "chat:3b", messages: [say("1 2 3")] });
    expect((await left).status).toBe(200);
    ollama.control({ fault: "none" });
    controller.abort();
    await until(() => ollama.stats().aborted > aborted, "the model call to end");
    expect((await next).choices[0]?.message.content).toBe("echo: 1 2 3");
    expect(ollama.stats().active).toBe(0);
  });
});

describe("a session by header", () => {
  it("is a conversation that remembers, and answers a repeated message once", async ({
    expect,
  }) => {
    const { key } = await createKey("sessions");
    const own = createClient(key, { "X-Rockpool-Session": "notes" });
    const first = await own.chat.completions.create({
      model: "rockpool",
      messages: [say("first")],
    });
    expect(first.choices[0]?.message.content).toBe("echo: first");
    const ask = { model: "rockpool", messages: [say("second")], stream: true as const };
    const headers = { "Idempotency-Key": "k1" };
    for (let time = 0; time < 2; time += 1) {
      let text = "";
      for await (const chunk of await own.chat.completions.create(ask, { headers }))
        text += chunk.choices[0]?.delta.content ?? "";
      expect(text).toBe("echo: second");
    }
    const told = ollama.stats().lastChat?.messages.map(({ content }) => content) ?? [];
    expect(told.join("\n")).toContain("echo: first");
  });

  it("takes pictures where its model sees, and says at once where it does not", async ({
    expect,
  }) => {
    const own = createClient(apiKey, { "X-Rockpool-Session": "album" });
    const data = Buffer.from(await photoOf(20, 10)).toString("base64");
    const url = `data:image/jpeg;base64,${data}`;
    const content = [
      { type: "text" as const, text: "what is this?" },
      { type: "image_url" as const, image_url: { url } },
    ];
    const ask = { model: "rockpool", messages: [{ role: "user" as const, content }] };
    const chats = ollama.stats().chats;
    await own.chat.completions.create({ model: "rockpool", messages: [say("/model chat:3b")] });
    await expect(own.chat.completions.create(ask)).rejects.toMatchObject({
      status: 400,
      code: "model/unsupported",
      message: expect.stringContaining('The model "chat:3b" takes no images.'),
    });
    expect(ollama.stats().chats).toBe(chats);
    await own.chat.completions.create({ model: "rockpool", messages: [say("/model see:4b")] });
    const answer = await own.chat.completions.create(ask);
    expect(answer.choices[0]?.message.content).toMatch(/^echo: what is this\?/);
    expect(ollama.stats().lastChat?.messages.at(-1)?.images).toHaveLength(1);
  });
});

describe("a key", () => {
  it("that is wrong or revoked is an authentication error", async ({ expect }) => {
    const wrong = createClient("sk-wrong");
    await expect(wrong.models.list()).rejects.toThrow(OpenAI.AuthenticationError);
    const { key } = await createKey("short-lived");
    const own = createClient(key);
    expect((await own.models.list()).data.length).toBeGreaterThan(0);
    await rockpool.run(["apikey", "revoke", "short-lived"]);
    await expect(own.models.list()).rejects.toMatchObject({
      status: 401,
      code: "invalid_api_key",
      type: "authentication_error",
    });
  });

  it("does what its scopes say, with the model that it is bound to", async ({ expect }) => {
    const { key } = await createKey("bound", ["--scopes", "chat", "--model", "tiny"]);
    const own = createClient(key);
    const answer = await own.chat.completions.create({ model: "gpt-9", messages: [say("hello")] });
    expect(answer.model).toBe("tiny");
    await expect(own.models.list()).rejects.toMatchObject({
      status: 403,
      code: "apikey/out_of_scope",
      message: expect.stringContaining('This API key has not the scope "models".'),
    });
  });
});

describe("a model server that is away", () => {
  it("leaves a session's message waiting, and its key brings the answer later", async ({
    expect,
  }) => {
    const headers = { "X-Rockpool-Session": "later", "Idempotency-Key": "wait-1" };
    const ask = { model: "rockpool", messages: [say("are you there?")] };
    ollama.control({ fault: "503" });
    await expect(client.chat.completions.create(ask, { headers })).rejects.toMatchObject({
      status: 503,
      code: "session/answer_pending",
    });
    ollama.control(SOUND);
    const answer = await client.chat.completions.create(ask, { headers });
    expect(answer.choices[0]?.message.content).toBe("echo: are you there?");
  });
});

describe("a crash", () => {
  it("loses neither keys nor a session's message", async ({ expect }) => {
    const headers = { "X-Rockpool-Session": "crash", "Idempotency-Key": "crash-1" };
    const ask = { model: "rockpool", messages: [say("still there?")] };
    ollama.control({ hold: true });
    const before = ollama.stats().chats;
    const cut = client.chat.completions.create(ask, { headers });
    const broken = expect(cut).rejects.toThrow(OpenAI.APIConnectionError);
    await until(() => ollama.stats().chats > before, "the model call to begin");
    await rockpool.kill9Workerd();
    await broken;
    ollama.control(SOUND);
    const again = createClient(apiKey);
    const answer = await again.chat.completions.create(ask, { headers });
    expect(answer.choices[0]?.message.content).toBe("echo: still there?");
  });
});
