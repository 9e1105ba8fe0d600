/** Rounds of call and answer: what the model is told, what the person sees, where it ends. */
import { describe, it, vi } from "vitest";
import { AppError } from "../../../src/core/errors.ts";
import type { ChatRequest, ToolCall } from "../../../src/core/ports.ts";
import type { Toolbox, TurnTools } from "../../../src/core/tools.ts";
import { runTurn, TURN_MS, type TurnResult } from "../../../src/turn/run.ts";
import { MAX_KEPT_UNITS, MAX_RESULT_UNITS, MAX_TURN_CALLS } from "../../../src/turn/tool-round.ts";
import { MAX_ROUNDS } from "../../../src/turn/tools-loop.ts";
import { call, recordSink, type ScriptedChat, say, scriptChats, usage } from "./scripted-chat.ts";

const request: ChatRequest = {
  caller: { id: "t1", personId: "p1", priority: "interactive" },
  model: "m",
  messages: [{ role: "user", content: "what is it?" }],
  maxTokens: 50,
};

interface FakeTools extends TurnTools {
  calls: { call: ToolCall; index: number }[];
}

function fakeTools(
  answer: (call: ToolCall) => string | Promise<string> = ({ name }) => `${name} says so`,
  given: Partial<TurnTools> = {},
): FakeTools {
  const calls: FakeTools["calls"] = [];
  const toolbox: Toolbox = {
    specs: ["sum", "look"].map((name) => ({ name, description: "", parameters: {} })),
    find: (name) => (["sum", "look"].includes(name) ? name : undefined),
    async run(asked, index) {
      calls.push({ call: asked, index });
      return answer(asked);
    },
  };
  return { calls, toolbox, how: "native", resultTokens: 4_000, ...given };
}

async function play(
  model: ScriptedChat,
  tools: TurnTools,
  controller = new AbortController(),
): Promise<{ result: TurnResult; shown: string[] }> {
  const sink = recordSink();
  const result = await runTurn(request, model, sink, controller.signal, tools);
  return { result, shown: sink.shown };
}

const toolTexts = ({ messages }: ChatRequest) =>
  messages.filter(({ role }) => role === "tool").map(({ content }) => content);

describe("a model that calls tools", () => {
  it("is told the answers of one round together, in order, and speaks then", async ({ expect }) => {
    const model = scriptChats(
      [call("sum", { a: 1 }, "c1"), call("look", { b: 2 }, "c2")],
      [say("It is "), say("three.")],
    );
    const tools = fakeTools();
    const { result, shown } = await play(model, tools);
    expect(result).toEqual({
      status: "answered",
      text: "It is three.",
      reason: "stop",
      usage: { ...usage, promptTokens: 20, outputTokens: 4, totalMs: 8 },
    });
    expect(shown).toEqual(["<thinking>", "<answering>", "It is ", "three."]);
    expect(tools.calls.map(({ call: { name }, index }) => `${name} ${index}`)).toEqual([
      "sum 0",
      "look 1",
    ]);
    expect(model.asked[1]?.messages.slice(1)).toEqual([
      {
        role: "assistant",
        content: "",
        toolCalls: [
          { id: "c1", name: "sum", arguments: { a: 1 } },
          { id: "c2", name: "look", arguments: { b: 2 } },
        ],
      },
      { role: "tool", content: "sum says so", toolCall: { id: "c1", name: "sum" } },
      { role: "tool", content: "look says so", toolCall: { id: "c2", name: "look" } },
    ]);
  });

  it("runs the calls of a round at once", async ({ expect }) => {
    const gate = Promise.withResolvers<string>();
    const tools = fakeTools((asked) => {
      if (asked.name === "sum") return gate.promise;
      gate.resolve("both were running");
      return "second";
    });
    const model = scriptChats([call("sum"), call("look")], [say("ok")]);
    await play(model, tools);
    expect(toolTexts(model.asked[1] ?? request)).toEqual(["both were running", "second"]);
  });

  it("may say something before it calls: the answer is both, apart", async ({ expect }) => {
    const model = scriptChats([say("Let me see."), call("sum")], [say(" Three.")]);
    const { result, shown } = await play(model, fakeTools());
    expect(result).toMatchObject({ status: "answered", text: "Let me see.\n\nThree." });
    expect(shown.filter((piece) => !piece.startsWith("<")).join("")).toBe("Let me see.\n\nThree.");
    expect(model.asked[1]?.messages[1]).toMatchObject({ content: "Let me see." });
  });

  it(`is offered no tool in round ${MAX_ROUNDS}, however often it calls`, async ({ expect }) => {
    let count = 0;
    const model = scriptChats([say("Hm."), call("sum")]);
    const tools = fakeTools(() => {
      count += 1;
      return `answer ${count}`;
    });
    const { result } = await play(model, tools);
    expect(model.asked).toHaveLength(MAX_ROUNDS);
    expect(model.asked.map((asked) => asked.tools?.length)).toEqual([2, 2, 2, 2, 2, undefined]);
    expect(result.status).toBe("answered");
  });

  it(`gets ${MAX_TURN_CALLS} calls run of a thousand`, async ({ expect }) => {
    const many = Array.from({ length: 1_000 }, (_, index) => call("sum", { index }, `c${index}`));
    const tools = fakeTools();
    const model = scriptChats(many, [say("enough")]);
    const { result } = await play(model, tools);
    expect(tools.calls).toHaveLength(MAX_TURN_CALLS);
    const told = toolTexts(model.asked[1] ?? request);
    expect(told).toHaveLength(32);
    expect(told.at(-1)).toBe("Not run: too many calls. Answer with what you have.");
    expect(result).toMatchObject({ status: "answered", text: "enough" });
    expect(model.asked[1]?.tools).toBeUndefined();
  });

  it("gets the same call run once, and is told so", async ({ expect }) => {
    const tools = fakeTools(() => "42");
    const model = scriptChats(
      [call("sum", { a: 1 }), call("sum", { a: 1 })],
      [call("sum", { a: 1 })],
      [say("42")],
    );
    await play(model, tools);
    expect(tools.calls).toHaveLength(1);
    expect(toolTexts(model.asked[2] ?? request)).toEqual([
      "42",
      "You have this already: 42\nAnswer now.",
      "You have this already: 42\nAnswer now.",
    ]);
  });

  it("reads a long answer in parts", async ({ expect }) => {
    const long = Array.from({ length: 3_000 }, (_, index) => `line ${index}`).join("\n");
    const model = scriptChats(
      [call("look")],
      [call("read_more", { result: 1, from: MAX_RESULT_UNITS })],
      [call("read_more", { result: "1", from: MAX_RESULT_UNITS * 2 })],
      [say("read")],
    );
    await play(
      model,
      fakeTools(() => long, { resultTokens: 100_000 }),
    );
    const told = toolTexts(model.asked[3] ?? request);
    const rest = (from: number) =>
      `\n[${long.length - from} more characters: read_more, result 1, from ${from}]`;
    expect(told).toEqual(
      [0, 1, 2].map((part) => {
        const end = MAX_RESULT_UNITS * (part + 1);
        return long.slice(MAX_RESULT_UNITS * part, end) + rest(end);
      }),
    );
    expect(model.asked[0]?.tools?.map(({ name }) => name)).toEqual(["sum", "look"]);
    expect(model.asked[1]?.tools?.map(({ name }) => name)).toEqual(["sum", "look", "read_more"]);
  });

  it.for([
    { result: 2, from: 0 },
    { result: 1, from: -1 },
    { result: 1, from: 1e9 },
    { result: "x", from: "y" },
    {},
  ])("reads nothing on with %j", async (args, { expect }) => {
    const model = scriptChats([call("look")], [call("read_more", args)], [say("ok")]);
    await play(
      model,
      fakeTools(() => "x".repeat(10_000), { resultTokens: 100_000 }),
    );
    expect(toolTexts(model.asked[2] ?? request)[1]).toMatch(/^(Error: there is no such|x{4000})/);
  });

  it(`keeps ${MAX_KEPT_UNITS} characters of an answer for reading on`, async ({ expect }) => {
    const model = scriptChats([call("look")], [say("ok")]);
    await play(
      model,
      fakeTools(() => "x".repeat(MAX_KEPT_UNITS + 5)),
    );
    const left = MAX_KEPT_UNITS - MAX_RESULT_UNITS;
    expect(toolTexts(model.asked[1] ?? request)[0]).toContain(`[${left} more characters`);
  });

  it("is told no more than the context has room for, and asked to answer then", async ({
    expect,
  }) => {
    const model = scriptChats([call("look")], [say("ok")]);
    await play(
      model,
      fakeTools(() => "x".repeat(10_000), { resultTokens: 300 }),
    );
    const [told = ""] = toolTexts(model.asked[1] ?? request);
    expect(told.length).toBeLessThan(1_100);
    expect(told).toContain("more characters");
  });

  it("stays stopped when the person stops it within a tool", async ({ expect }) => {
    const controller = new AbortController();
    const tools = fakeTools(() => {
      controller.abort();
      throw controller.signal.reason;
    });
    const model = scriptChats([say("Let me see."), call("sum")], [say("never")]);
    const { result } = await play(model, tools, controller);
    expect(result).toEqual({ status: "stopped", text: "Let me see." });
    expect(model.asked).toHaveLength(1);
  });

  it("fails by a later round as by the first: postponed while nothing was shown", async ({
    expect,
  }) => {
    const quiet = scriptChats([call("sum")], [new AppError("model/busy")]);
    expect((await play(quiet, fakeTools())).result).toMatchObject({
      status: "postponed",
      code: "model/busy",
    });
    const loud = scriptChats([say("So"), call("sum")], [new AppError("model/busy")]);
    expect((await play(loud, fakeTools())).result).toMatchObject({
      status: "failed",
      code: "model/busy",
      error: { message: "The model server is busy." },
    });
  });
});

describe("a turn that takes too long", () => {
  it("ends, with a tool or a model that never comes back", async ({ expect, onTestFinished }) => {
    vi.useFakeTimers();
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const silent: ScriptedChat = {
      asked: [],
      async *chat(given, signal) {
        this.asked.push(given);
        yield say("So");
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      },
    };
    const ended = play(silent, fakeTools());
    await vi.advanceTimersByTimeAsync(TURN_MS);
    expect((await ended).result).toMatchObject({
      status: "failed",
      code: "model/timeout",
      error: { message: "The model took too long." },
    });
  });
});

describe("calls that are written as text", () => {
  it.for<[how: string, text: string]>([
    ["bare", '{"name": "sum", "arguments": {"a": 1}}'],
    ["in a fence", '```json\n{"name": "sum", "arguments": {"a": 1}}\n```'],
    ["in tags", '<tool_call>\n{"name": "sum", "arguments": {"a": 1}}\n</tool_call>'],
    ["as a list", '[{"name": "sum", "parameters": {"a": 1}}]'],
    ["marked", '[TOOL_CALLS][{"name": "sum", "arguments": {"a": 1}}]'],
    ["in OpenAI's form", '{"type":"function","function":{"name":"sum","arguments":{"a":1}}}'],
    ["by another word", '{"tool": "sum", "args": {"a": 1}}'],
  ])("are run when they stand %s, and not shown", async ([, text], { expect }) => {
    const tools = fakeTools();
    const model = scriptChats([...text].map(say), [say("Three.")]);
    const { result, shown } = await play(model, tools);
    expect(tools.calls.map((made) => made.call)).toEqual([
      { id: "written_1", name: "sum", arguments: { a: 1 } },
    ]);
    expect(result).toMatchObject({ text: "Three." });
    expect(shown).toEqual(["<thinking>", "<answering>", "Three."]);
  });

  it("are run after words, of which the person sees nothing else", async ({ expect }) => {
    const tools = fakeTools();
    const model = scriptChats([...'Sure. <tool_call>{"name":"sum"}</tool_call> bye'].map(say), [
      say("Done."),
    ]);
    const { result } = await play(model, tools);
    expect(tools.calls).toHaveLength(1);
    expect(result).toMatchObject({ text: "Sure. \n\nDone." });
  });

  it.for([
    '{"name": "Ada", "born": 1815}',
    '```json\n{"a": 1}\n```',
    "{ this is no JSON",
    "a < b, and <b>bold</b>, and <tool",
    '```python\nprint("x")\n```',
    "[{}]",
  ])("are told from an answer like %j, which is shown whole", async (text, { expect }) => {
    const tools = fakeTools();
    const { result } = await play(scriptChats([...text].map(say)), tools);
    expect(tools.calls).toEqual([]);
    expect(result).toMatchObject({ status: "answered", text });
  });
});
