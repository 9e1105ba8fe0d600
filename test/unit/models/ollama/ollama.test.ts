import { afterEach, beforeEach, describe, it } from "vitest";
import type { Model } from "../../../../src/core/ports.ts";
import { LOOKUP_TTL_MS } from "../../../../src/models/ollama/lookups.ts";
import { type FakeOllama, startFakeOllama } from "../../../support/fake-ollama.ts";
import { createClient, GIB, REQUEST, runChat } from "../chat-client.ts";

let fake: FakeOllama;
let model: Model;
const clock = { nowMs: 0 };

beforeEach(async () => {
  fake = await startFakeOllama({ reply: "echo" });
  clock.nowMs = 1_000_000;
  model = createClient(fake.url, { nowMs: () => clock.nowMs });
});
afterEach(() => fake.close());

const ALL = [
  "tiny:latest",
  "chat:8b",
  "think:8b",
  "embed:latest",
  "big:120b-cloud",
  "disguised:latest",
];

describe("chat", () => {
  it("streams the answer and ends with what it cost", async ({ expect }) => {
    const outcome = await runChat(model, {
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "茶 or café ☕?" },
      ],
    });
    expect(outcome.text).toBe("echo: 茶 or café ☕?");
    expect(outcome.kinds).toEqual(["loading", "text", "text", "text", "text", "text", "done"]);
    expect(outcome.done).toMatchObject({
      reason: "stop",
      usage: { model: "tiny", outputTokens: 5 },
    });
    expect(outcome.done?.usage.promptTokens).toBeGreaterThan(0);
  });

  it("sends what keeps the server from guessing", async ({ expect }) => {
    await runChat(model, { maxTokens: 77 });
    expect(fake.stats().lastChat).toEqual({
      model: "tiny",
      messages: REQUEST.messages,
      stream: true,
      truncate: false,
      keep_alive: "30m",
      options: { num_ctx: 8192, num_predict: 77 },
    });
  });

  it("passes on how tokens are drawn, and nothing that was not asked for", async ({ expect }) => {
    const sampling = { temperature: 0, topP: 0.5, seed: 7, stop: ["END"], presencePenalty: 1 };
    await runChat(model, { maxTokens: 77, sampling });
    expect(fake.stats().lastChat?.options).toEqual({
      num_ctx: 8192,
      num_predict: 77,
      temperature: 0,
      top_p: 0.5,
      seed: 7,
      presence_penalty: 1,
      stop: ["END"],
    });
  });

  it("offers tools, and tells the results in the server's own form", async ({ expect }) => {
    const parameters = { type: "object", properties: { zone: { type: "string" } } };
    const call = { id: "call_1", name: "clock", arguments: { zone: "Asia/Tokyo" } };
    const outcome = await runChat(model, {
      tools: [{ name: "clock", description: "Tells the time.", parameters }],
      format: { type: "object" },
      messages: [
        { role: "user", content: "What time is it?" },
        { role: "assistant", content: "", toolCalls: [call] },
        { role: "tool", content: "12:00", toolCall: { id: "call_1", name: "clock" } },
      ],
    });
    expect(outcome.code).toBeUndefined();
    expect(fake.stats().lastChat).toMatchObject({
      tools: [
        {
          type: "function",
          function: { name: "clock", description: "Tells the time.", parameters },
        },
      ],
      format: { type: "object" },
      messages: [
        { role: "user", content: "What time is it?" },
        {
          role: "assistant",
          content: "",
          tool_calls: [
            { id: "call_1", function: { name: "clock", arguments: { zone: "Asia/Tokyo" } } },
          ],
        },
        { role: "tool", content: "12:00", tool_call_id: "call_1", tool_name: "clock" },
      ],
    });
  });

  it("says that an answer was cut by its budget", async ({ expect }) => {
    const outcome = await runChat(model, { maxTokens: 2 });
    expect(outcome.done).toMatchObject({ reason: "length", usage: { outputTokens: 2 } });
  });

  it("runs a model with no more context than it was made for", async ({ expect }) => {
    const wide = createClient(fake.url, { contextTokens: 65_536 });
    await runChat(wide, { model: "tiny" });
    expect(fake.stats().lastChat?.options.num_ctx).toBe(8192);
    await runChat(wide, { model: "chat:8b" });
    expect(fake.stats().lastChat?.options.num_ctx).toBe(65_536);
  });

  it("switches thinking off for a model that thinks, and for no other", async ({ expect }) => {
    const outcome = await runChat(model, { model: "think:8b" });
    expect(fake.stats().lastChat?.think).toBe(false);
    expect(outcome.thinking).toBe("");
    await runChat(model, { model: "chat:8b" });
    expect(fake.stats().lastChat).not.toHaveProperty("think");
  });

  it("lets `auto` mean the best one installed", async ({ expect }) => {
    expect((await runChat(model, { model: "auto" })).done?.usage.model).toBe("chat:8b");
    const small = createClient(fake.url, { memoryBytes: GIB });
    expect((await runChat(small, { model: "auto" })).done?.usage.model).toBe("tiny:latest");
  });

  it("is one request on a server that it knows to be warm", async ({ expect }) => {
    await runChat(model, { model: "auto" });
    fake.resetStats();
    const outcome = await runChat(model, { model: "auto" });
    expect(outcome.kinds[0]).toBe("text");
    expect(fake.stats().requestsByPath).toEqual({ "/api/chat": 1 });
  });

  it("asks again when what it knows is thirty seconds old", async ({ expect }) => {
    await runChat(model, { model: "auto" });
    clock.nowMs += LOOKUP_TTL_MS - 1;
    fake.resetStats();
    await runChat(model, { model: "auto" });
    expect(fake.stats().requestsByPath).toEqual({ "/api/chat": 1 });
    clock.nowMs += 1;
    fake.resetStats();
    await runChat(model, { model: "auto" });
    // The answer of a moment ago still proves that the model is loaded.
    expect(fake.stats().requestsByPath).toEqual({
      "/api/tags": 1,
      "/api/show": 1,
      "/api/chat": 1,
    });
    clock.nowMs += LOOKUP_TTL_MS;
    fake.unload();
    expect((await runChat(model, { model: "auto" })).kinds[0]).toBe("loading");
  });

  it("never makes the server load a model twice", async ({ expect }) => {
    for (const contents of ["hi", "a".repeat(9_000), "hi again"])
      await runChat(model, { messages: [{ role: "user", content: contents }] });
    expect(fake.stats().loads).toBe(1);
  });

  it("says that a model loads which runs with another context", async ({ expect }) => {
    const narrow = createClient(fake.url, { contextTokens: 2048 });
    await runChat(narrow);
    expect((await runChat(model)).kinds[0]).toBe("loading");
    await narrow.state(); // what it says is relied on by the next chat
    expect((await runChat(narrow)).kinds[0]).toBe("loading");
  });

  it("refuses a prompt that is too long, in place of a silent cut", async ({ expect }) => {
    const outcome = await runChat(model, {
      messages: [{ role: "user", content: "tea ".repeat(9_000) }],
    });
    expect(outcome).toMatchObject({
      code: "model/too_long",
      message:
        "The chat is longer than the model's context: the input length exceeds the context length",
    });
  });

  it("sends nothing to a model that runs elsewhere", async ({ expect }) => {
    fake.control({ installed: ALL });
    expect(await runChat(model, { model: "big:120b-cloud" })).toMatchObject({
      code: "model/remote_refused",
      message: 'The model "big:120b-cloud" would run on somebody else\'s machine.',
    });
    expect(await runChat(model, { model: "disguised" })).toMatchObject({
      code: "model/remote_refused",
      message: 'The model "disguised" would run on somebody else\'s machine.',
    });
    expect(fake.stats().chats).toBe(0);
  });

  it("does not ask an embedding model to talk", async ({ expect }) => {
    expect(await runChat(model, { model: "embed" })).toMatchObject({
      code: "model/rejected",
      message: 'The model "embed" cannot hold a chat.',
    });
  });

  it("says that a model is missing, and sees it as soon as it is installed", async ({ expect }) => {
    fake.control({ installed: ["embed:latest"] });
    expect(await runChat(model, { model: "chat:8b" })).toMatchObject({
      code: "model/missing",
      message: 'The model "chat:8b" is not installed.',
    });
    fake.control({ installed: [] });
    const empty = createClient(fake.url);
    expect(await runChat(empty, { model: "auto" })).toMatchObject({
      code: "model/missing",
      message: "No model that can answer is installed.",
    });
    fake.control({ installed: ["chat:8b"] });
    expect((await runChat(empty, { model: "auto" })).done?.usage.model).toBe("chat:8b");
  });

  it("notices that a model was removed, and goes on with what is left", async ({ expect }) => {
    await runChat(model, { model: "auto" });
    fake.control({ installed: ["tiny:latest"] });
    expect((await runChat(model, { model: "auto" })).code).toBe("model/missing");
    expect((await runChat(model, { model: "auto" })).done?.usage.model).toBe("tiny:latest");
  });
});

describe("profile", () => {
  it("says what a model takes besides text", async ({ expect }) => {
    const { tools, vision, thinks, name } = await model.profile("think:8b");
    expect({ tools, vision, thinks, name }).toEqual({
      tools: true,
      vision: false,
      thinks: true,
      name: "think:8b",
    });
  });

  it("has the context that a chat sends as num_ctx", async ({ expect }) => {
    const wide = createClient(fake.url, { contextTokens: 50_000 });
    expect((await wide.profile("tiny")).contextTokens).toBe(8192);
    expect((await wide.profile("auto")).contextTokens).toBe(50_000);
    expect((await wide.profile("think:8b")).contextTokens).toBe(40_960);
  });

  it("fails as a chat would", async ({ expect }) => {
    await expect(model.profile("nosuch")).rejects.toMatchObject({
      code: "model/missing",
      message: 'The model "nosuch" is not installed.',
    });
  });
});

describe("state", () => {
  it("lists local models, which are loaded, and what `auto` means", async ({ expect }) => {
    fake.control({ installed: ALL });
    await runChat(model, { model: "tiny" });
    const state = await model.state();
    expect(state).toMatchObject({ status: "up", version: "0.99.0-fake", chosen: "chat:8b" });
    expect(state.status === "up" && state.models).toEqual([
      {
        name: "tiny:latest",
        sizeBytes: 77e6,
        parameters: "135M",
        quantization: "Q4_0",
        capabilities: ["completion", "tools"],
        loaded: true,
      },
      expect.objectContaining({ name: "chat:8b", loaded: false }),
      expect.objectContaining({ name: "think:8b" }),
      expect.objectContaining({ name: "embed:latest" }),
    ]);
  });

  it("looks at the server each time", async ({ expect }) => {
    await model.state();
    fake.control({ installed: [] });
    expect(await model.state()).toEqual({ status: "up", version: "0.99.0-fake", models: [] });
  });

  it("says that the server is away", async ({ expect }) => {
    await fake.close();
    expect(await model.state()).toEqual({ status: "down", code: "model/unavailable" });
  });
});
