/** Tools in a conversation: the model calls, the box answers, the person reads the end of it. */
import { afterAll, beforeAll, describe, it, vi } from "vitest";
import type { ReplyState, SessionCalls } from "../../src/core/session-protocol.ts";
import { testToolCase } from "../../src/do/turn/test-tools.ts";
import { env, type MessageOptions, messageRequest } from "../support/integration.ts";
import { ScriptedModel } from "../support/scripted-model.ts";

const model = new ScriptedModel();
model.capabilities = ["completion", "tools"];

beforeAll(() => {
  vi.stubGlobal("fetch", model.fetch);
});
afterAll(() => {
  vi.unstubAllGlobals();
});

async function ask(text: string, options: MessageOptions = {}): Promise<() => Promise<string>> {
  const request = messageRequest(text, options);
  // The stub answers the same calls with types that unfold into unions.
  const session = env.SESSION.getByName(request.session) as unknown as SessionCalls;
  await session.accept(request);
  return async () => {
    const state = (await session.reply(request.account, request.event.key, 10_000)) as ReplyState;
    return state.status === "answered" ? state.text : state.status;
  };
}

describe("a model that takes tools", () => {
  it("calls them, reads their answers and speaks", async ({ expect }) => {
    const reply = await ask("What is 6 * 7?");
    const first = await model.call({ name: "calculator", arguments: { expression: "6 * 7" } });
    expect(first.tools).toEqual(expect.arrayContaining(["calculator", "time_and_date"]));
    const second = await model.answer("It is 42.");
    expect(second.messages.slice(-2)).toMatchObject([
      { role: "assistant", content: "" },
      { role: "tool", tool_name: "calculator", content: "6 * 7 = 42" },
    ]);
    expect(await reply()).toBe("It is 42.");
  });

  it("is offered no way into the web unless the owner opens it", async ({ expect }) => {
    const reply = await ask("Use a tool to read https://example.com/");
    const { tools } = await model.call({
      name: "web_fetch",
      arguments: { url: "https://example.com/" },
    });
    expect(tools).toContain("calculator");
    expect(tools).not.toContain("web_fetch");
    const { messages } = await model.answer("I cannot.");
    expect(messages.at(-1)?.content).toMatch(/^There is no tool of this name/);
    expect(await reply()).toBe("I cannot.");
  });

  it("is told the same tools and the same prompt before each next message", async ({ expect }) => {
    const conversation = crypto.randomUUID();
    let told: unknown[] = [];
    let tools: string[] = [];
    for (const text of [
      "What is 6 * 7?",
      "Thanks!",
      "What time is it?",
      "Remember my name is Ada",
    ]) {
      const reply = await ask(text, { conversation });
      const chat = await model.answer("All right.");
      await reply();
      expect(chat.told.slice(0, told.length)).toEqual(told);
      if (tools.length > 0) expect(chat.tools).toEqual(tools);
      ({ told, tools } = chat);
    }
    expect(tools.length).toBeGreaterThan(3);
  });

  it("is offered none for plain talk", async ({ expect }) => {
    const reply = await ask("Hello!");
    const chat = await model.answer("Hi.");
    expect(chat.tools).toEqual([]);
    expect(await reply()).toBe("Hi.");
  });
});

describe("a case of the evaluation", () => {
  it("is right by the call that the model makes, of which nothing is run", async ({ expect }) => {
    const asked = testToolCase(env, 1, undefined);
    const chat = await model.call({ name: "calculatr", arguments: '{"expression":"0.17*2340"}' });
    expect(chat.messages.at(-1)?.content).toBe("What is 17% of 2340?");
    expect(await asked).toMatchObject({
      number: 1,
      lang: "en",
      tool: "calculator",
      called: "calculator",
      isToolRight: true,
      areArgumentsRight: true,
      model: "test:1b",
    });
  });

  it("is wrong by words in place of a call, and the other way round", async ({ expect }) => {
    const worded = testToolCase(env, 1, undefined);
    await model.answer("It is 397.8.");
    expect(await worded).toMatchObject({ called: "none", isToolRight: false });
    const called = testToolCase(env, 30, undefined);
    await model.call({ name: "recall", arguments: {} });
    expect(await called).toMatchObject({ tool: "none", called: "recall", isToolRight: false });
  });

  it("that there is none of is no case", async ({ expect }) => {
    await expect(testToolCase(env, 61, undefined)).rejects.toMatchObject({
      code: "http/not_found",
      message: "There is nothing at this address.",
    });
  });
});
