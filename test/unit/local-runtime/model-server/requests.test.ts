import fc from "fast-check";
import { describe, it } from "vitest";
import { toLibraryTurns } from "../../../../local-runtime/model-server/engine-history.ts";
import {
  BadRequest,
  DEFAULT_KEEP_ALIVE_MS,
  parseChat,
  parseKeepAlive,
  parseShow,
} from "../../../../local-runtime/model-server/requests.ts";

describe("a chat request", () => {
  it("has Ollama's defaults where it says nothing", ({ expect }) => {
    expect(parseChat({ model: "a" })).toEqual({
      model: "a",
      contextTokens: 8_192,
      keepAliveMs: DEFAULT_KEEP_ALIVE_MS,
      stream: true,
      think: undefined,
      hasMessages: false,
      hasImages: false,
      chat: {
        messages: [],
        tools: [],
        truncate: true,
        sampling: { temperature: 0.8, topK: 40, topP: 0.9, minP: 0 },
        stop: [],
      },
    });
  });

  it("is taken as it is meant", ({ expect }) => {
    const call = parseChat({
      model: "a",
      messages: [{ role: "tool", tool_name: "clock", content: "12:00" }],
      tools: [{ type: "function", function: { name: "clock" } }],
      format: { type: "object" },
      think: false,
      truncate: false,
      keep_alive: "30m",
      stream: false,
      options: { num_ctx: 512, num_predict: 0, temperature: 0, seed: 7, stop: "END" },
    });
    expect(call).toMatchObject({
      contextTokens: 512,
      keepAliveMs: 1_800_000,
      stream: false,
      think: false,
      chat: {
        messages: [{ role: "tool", toolName: "clock", content: "12:00", toolCalls: [] }],
        tools: [{ name: "clock", description: "", parameters: {} }],
        format: { type: "object" },
        maxTokens: 1,
        truncate: false,
        sampling: { temperature: 0, seed: 7 },
        stop: ["END"],
      },
    });
  });

  it.for([
    [{}, "model: "],
    [{ model: "a", messages: [{ role: "robot", content: "" }] }, "messages.0.role: "],
    [{ model: "a", options: { num_ctx: 15 } }, "options.num_ctx: "],
    [{ model: "a", options: { num_ctx: 1_048_577 } }, "options.num_ctx: "],
    [{ model: "a", keep_alive: "soon" }, 'invalid keep_alive "soon"'],
    ["text", "body: "],
  ] as const)("is refused with the place that is wrong: %j", ([body, message], { expect }) => {
    expect(() => parseChat(body)).toThrow(BadRequest);
    expect(() => parseChat(body)).toThrow(message);
  });

  it("is parsed or refused, whatever it is", ({ expect }) => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (messages, options) => {
        try {
          const call = parseChat({ model: "a", messages, options });
          expect(call.contextTokens).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(BadRequest);
        }
      }),
    );
  });

  it.for([
    [undefined, DEFAULT_KEEP_ALIVE_MS],
    [0, 0],
    [90, 90_000],
    [-1, Number.POSITIVE_INFINITY],
    ["-1m", Number.POSITIVE_INFINITY],
    ["10", 10_000],
    ["1h30m", 5_400_000],
    ["250ms", 250],
  ] as const)("keeps its model for %j", ([given, timeMs], { expect }) => {
    expect(parseKeepAlive(given)).toBe(timeMs);
  });

  it("for what a model can names it either way", ({ expect }) => {
    expect(parseShow({ model: "a" })).toBe("a");
    expect(parseShow({ name: "b" })).toBe("b");
    expect(() => parseShow({})).toThrow("model is required");
  });
});

describe("the turns that the engine gets", () => {
  const message = { content: "", toolCalls: [] };

  it("end with the model's, which goes on after a tool's result", ({ expect }) => {
    expect(
      toLibraryTurns([
        { ...message, role: "system", content: "Be brief." },
        { ...message, role: "user", content: "What time is it?" },
        {
          role: "assistant",
          content: "",
          toolCalls: [
            { name: "clock", arguments: { zone: "UTC" } },
            { name: "place", arguments: {} },
          ],
        },
        { ...message, role: "tool", toolName: "place", content: "Here" },
        { ...message, role: "tool", toolName: "clock", content: "12:00" },
        { ...message, role: "tool", toolName: "nobody", content: "?" },
      ]),
    ).toEqual([
      { type: "system", text: "Be brief." },
      { type: "user", text: "What time is it?" },
      {
        type: "model",
        response: [
          { type: "functionCall", name: "clock", params: { zone: "UTC" }, result: "12:00" },
          { type: "functionCall", name: "place", params: {}, result: "Here" },
          { type: "functionCall", name: "nobody", params: {}, result: "?" },
        ],
      },
    ]);
  });

  it("have an empty turn of the model after a person's", ({ expect }) => {
    expect(toLibraryTurns([{ ...message, role: "user", content: "Hi" }]).at(-1)).toEqual({
      type: "model",
      response: [],
    });
  });
});
