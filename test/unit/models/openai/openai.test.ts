import fc from "fast-check";
import { afterEach, beforeEach, describe, it } from "vitest";
import { LOOKUP_TTL_MS } from "../../../../src/models/openai/lookups.ts";
import type { ModelServer } from "../../../../src/models/server-model.ts";
import { type FakeOllama, startFakeOllama } from "../../../support/fake-ollama.ts";
import type { FakeSettings } from "../../../support/fake-ollama-settings.ts";
import { createOpenAiClient, REQUEST, runChat } from "../chat-client.ts";

let fake: FakeOllama;
let model: ModelServer;
const clock = { nowMs: 0 };

beforeEach(async () => {
  fake = await startFakeOllama({ reply: "echo" });
  clock.nowMs = 1_000_000;
  model = createOpenAiClient(fake.url, { nowMs: () => clock.nowMs });
});
afterEach(() => fake.close());

const ASKED = { model: "tiny:latest" };

function be(flavour: FakeSettings["flavour"], installed = ["think:8b"]): void {
  fake.control({ flavour, installed });
}

describe("chat", () => {
  it("streams the answer and ends with what it cost", async ({ expect }) => {
    const outcome = await runChat(model, {
      ...ASKED,
      messages: [{ role: "user", content: "茶 or café ☕?" }],
    });
    expect(outcome.text).toBe("echo: 茶 or café ☕?");
    expect(outcome.kinds).toEqual(["text", "text", "text", "text", "text", "done"]);
    expect(outcome.done).toMatchObject({
      reason: "stop",
      usage: { model: "tiny:latest", outputTokens: 5 },
    });
    expect(outcome.done?.usage.promptTokens).toBeGreaterThan(0);
  });

  it("sends what the API has, and nothing that only Ollama knows", async ({ expect }) => {
    await runChat(model, { ...ASKED, maxTokens: 77, sampling: { temperature: 0, stop: ["x"] } });
    expect(fake.stats().lastBody).toEqual({
      model: "tiny:latest",
      messages: REQUEST.messages,
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 77,
      temperature: 0,
      stop: ["x"],
    });
  });

  it("tells tools, results, pictures and the form of the answer", async ({ expect }) => {
    const parameters = { type: "object", properties: { zone: { type: "string" } } };
    const call = { id: "call_1", name: "clock", arguments: { zone: "Asia/Tokyo" } };
    const outcome = await runChat(model, {
      ...ASKED,
      tools: [{ name: "clock", description: "Tells the time.", parameters }],
      format: { type: "object" },
      messages: [
        { role: "user", content: "What time?", images: ["iVBORw0KGgoAAA", "/9j/4AAQ"] },
        { role: "assistant", content: "", toolCalls: [call] },
        { role: "tool", content: "12:00", toolCall: { id: "call_1", name: "clock" } },
      ],
    });
    expect(outcome.code).toBeUndefined();
    const picture = (url: string) => ({ type: "image_url", image_url: { url } });
    expect(fake.stats().lastBody).toMatchObject({
      tools: [
        {
          type: "function",
          function: { name: "clock", description: "Tells the time.", parameters },
        },
      ],
      response_format: {
        type: "json_schema",
        json_schema: { name: "answer", schema: { type: "object" } },
      },
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "What time?" },
            picture("data:image/png;base64,iVBORw0KGgoAAA"),
            picture("data:image/jpeg;base64,/9j/4AAQ"),
          ],
        },
        {
          role: "assistant",
          content: "",
          tool_calls: [
            {
              id: "call_1",
              type: "function",
              function: { name: "clock", arguments: '{"zone":"Asia/Tokyo"}' },
            },
          ],
        },
        { role: "tool", content: "12:00", tool_call_id: "call_1" },
      ],
    });
  });

  it("is one request on a server that was asked a moment ago", async ({ expect }) => {
    await runChat(model, ASKED);
    fake.resetStats();
    await runChat(model, ASKED);
    expect(fake.stats().requestsByPath).toEqual({ "/v1/chat/completions": 1 });
  });

  it("takes an address that ends in /v1", async ({ expect }) => {
    const copied = createOpenAiClient(`${fake.url}/v1`);
    expect((await runChat(copied, ASKED)).done?.reason).toBe("stop");
  });

  it("refuses a model that the server does not list, without asking it", async ({ expect }) => {
    expect(await runChat(model, { model: "nosuch" })).toMatchObject({
      code: "model/missing",
      message: 'The model "nosuch" is not installed.',
    });
    expect(fake.stats().chats).toBe(0);
  });
});

describe("the key", () => {
  it("is sent with every request", async ({ expect }) => {
    fake.control({ key: "s3cret" });
    const keyed = createOpenAiClient(fake.url, { key: "s3cret" });
    expect((await runChat(keyed, ASKED)).done?.reason).toBe("stop");
  });

  it("is not part of what is said when it is wrong, though the server repeats it", async ({
    expect,
  }) => {
    fake.control({ key: "s3cret" });
    const outcome = await runChat(createOpenAiClient(fake.url, { key: "wr0ng" }), ASKED);
    expect(outcome).toMatchObject({
      code: "model/unauthorized",
      message: "The model server does not take the key of this box.",
    });
  });
});

describe("llama.cpp", () => {
  it("runs a chat with the context of its slots, and switches thinking off", async ({ expect }) => {
    be("llama.cpp");
    expect(await model.profile("auto")).toEqual({
      name: "think:8b",
      contextTokens: 4096,
      tools: true,
      vision: false,
      thinks: true,
    });
    const outcome = await runChat(model, { model: "auto" });
    expect(outcome.thinking).toBe("");
    expect(fake.stats().lastBody).toMatchObject({
      chat_template_kwargs: { enable_thinking: false },
    });
  });

  it("takes pictures where it says so, and lists what a model is", async ({ expect }) => {
    be("llama.cpp", ["see:4b"]);
    expect(await model.profile("see:4b")).toMatchObject({ vision: true, tools: false });
    expect(await model.state()).toEqual({
      status: "up",
      version: "llama.cpp b9999-fake",
      chosen: "see:4b",
      models: [
        {
          name: "see:4b",
          sizeBytes: 3.3e9,
          parameters: "8.0B",
          capabilities: ["completion", "vision"],
          loaded: true,
        },
      ],
    });
  });

  it("says that the model loads", async ({ expect }) => {
    be("llama.cpp");
    fake.control({ fault: "503" });
    expect(await runChat(model, { model: "think:8b" })).toMatchObject({
      kinds: ["loading"],
      code: "model/busy",
    });
  });
});

describe("vLLM", () => {
  it("states the context, and counts as unable to call tools", async ({ expect }) => {
    be("vllm");
    const wide = createOpenAiClient(fake.url, { contextTokens: 131_072 });
    expect(await wide.profile("think:8b")).toMatchObject({ contextTokens: 40_960, tools: false });
    await runChat(wide, { model: "think:8b" });
    expect(fake.stats().lastBody).toMatchObject({
      chat_template_kwargs: { enable_thinking: false },
    });
    expect(await wide.state()).toMatchObject({ version: "vLLM 0.99.0" });
  });
});

describe("LM Studio", () => {
  it("says that a model loads with the first chat, and what each can do", async ({ expect }) => {
    be("lm-studio", ["see:4b", "chat:8b", "embed:latest"]);
    const first = await runChat(model, { model: "chat:8b" });
    expect(first.kinds[0]).toBe("loading");
    expect((await runChat(model, { model: "chat:8b" })).kinds[0]).toBe("text");
    expect(await model.profile("see:4b")).toMatchObject({ vision: true, tools: false });
    expect(await model.state()).toMatchObject({
      version: "LM Studio",
      models: [
        { name: "see:4b", loaded: false, capabilities: ["completion", "vision"] },
        { name: "chat:8b", loaded: true, quantization: "Q4_K_M" },
        { name: "embed:latest", capabilities: ["embedding"] },
      ],
    });
    expect(await runChat(model, { model: "embed:latest" })).toMatchObject({
      code: "model/rejected",
      message: 'The model "embed:latest" cannot hold a chat.',
    });
  });
});

describe("embed", () => {
  it("gives one vector for each text, in their order", async ({ expect }) => {
    const { signal } = new AbortController();
    const asked = { caller: REQUEST.caller, model: "embed:latest", texts: ["a", "bcd"] };
    expect(await model.embed(asked, signal)).toEqual({
      model: "embed:latest",
      vectors: [
        [1, 1, 0],
        [3, 1, 0],
      ],
      promptTokens: 2,
    });
  });
});

describe("state", () => {
  it("says that the server is away", async ({ expect }) => {
    await fake.close();
    expect(await model.state()).toEqual({ status: "down", code: "model/unavailable" });
  });

  it("sees a new model when what it knows is thirty seconds old", async ({ expect }) => {
    fake.control({ installed: ["tiny:latest"] });
    await runChat(model, ASKED);
    fake.control({ installed: ["tiny:latest", "chat:3b"] });
    clock.nowMs += LOOKUP_TTL_MS;
    expect((await runChat(model, { model: "chat:3b" })).done?.reason).toBe("stop");
  });
});

describe("what a server says of itself", () => {
  it("is taken or left out, whatever it is, and fails only in known ways", async ({ expect }) => {
    const owner = fc.constantFrom("llamacpp", "vllm", "organization_owner", "x");
    const entry = fc.record(
      {
        id: fc.constant("m"),
        owned_by: owner,
        meta: fc.jsonValue(),
        max_model_len: fc.jsonValue(),
      },
      { requiredKeys: ["id", "owned_by"] },
    );
    const list = fc.oneof(
      fc.array(fc.oneof(entry, fc.jsonValue()), { maxLength: 4 }).map((data) => ({ data })),
      fc.jsonValue(),
    );
    const props = fc.record(
      {
        default_generation_settings: fc.jsonValue(),
        modalities: fc.jsonValue(),
        chat_template: fc.jsonValue(),
        chat_template_caps: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    const studio = fc.array(fc.record({ id: fc.constant("m"), state: fc.jsonValue() }));
    await fc.assert(
      fc.asyncProperty(list, props, studio, async (models, own, data) => {
        const answers: Record<string, unknown> = {
          "/v1/models": models,
          "/props": own,
          "/health": own,
          "/version": own,
          "/api/v0/models": { data },
        };
        const client = createOpenAiClient("http://server.test", {
          fetch: async (input) => Response.json(answers[new URL(String(input)).pathname]),
        });
        const state = await client.state();
        expect(["up", "down"]).toContain(state.status);
        const profile = await client.profile("m").catch((error: { code: string }) => error.code);
        if (typeof profile === "string") expect(profile).toMatch(/^model\//);
        else expect(profile.contextTokens).toBeGreaterThan(0);
      }),
    );
  });
});
