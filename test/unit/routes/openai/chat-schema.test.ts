/** The body of a chat: what is taken, what is refused, and that nothing else is possible. */
import fc from "fast-check";
import * as v from "valibot";
import { describe, it } from "vitest";
import type { ModelProfile } from "../../../../src/core/ports.ts";
import { renderRequest } from "../../../../src/routes/openai/chat-request.ts";
import { chatSchema, MAX_MESSAGES, MAX_TOOLS } from "../../../../src/routes/openai/chat-schema.ts";
import { isShallow, MAX_JSON_DEPTH } from "../../../../src/routes/openai/json-depth.ts";

const hello = { role: "user", content: "hello" };
const PIXEL = "iVBORw0KGgo=";
const able: ModelProfile = {
  name: "m",
  contextTokens: 8192,
  tools: true,
  vision: true,
  thinks: false,
};
const caller = { personId: "p1", priority: "interactive" } as const;

function chat(change: Record<string, unknown> = {}): unknown {
  return { model: "m", messages: [hello], ...change };
}

function render(body: unknown, profile: ModelProfile = able) {
  return renderRequest(v.parse(chatSchema, body), profile, "m", caller);
}

function deep(levels: number): unknown {
  let value: unknown = "x";
  for (let level = 0; level < levels; level += 1) value = { a: value };
  return value;
}

describe("a chat's body", () => {
  it("becomes a request of the model port", ({ expect }) => {
    const parameters = { type: "object", properties: { zone: { type: "string" } } };
    const call = {
      id: "c1",
      type: "function",
      function: { name: "clock", arguments: '{"zone":"UTC"}' },
    };
    const request = render(
      chat({
        messages: [
          { role: "developer", content: "Be brief." },
          {
            role: "user",
            content: [
              { type: "text", text: "What" },
              { type: "image_url", image_url: { url: `data:image/png;base64,${PIXEL}` } },
              { type: "text", text: "is this?" },
            ],
          },
          { role: "assistant", content: null, tool_calls: [call] },
          { role: "tool", tool_call_id: "c1", content: "12:00" },
        ],
        tools: [{ type: "function", function: { name: "clock", parameters, strict: true } }],
        temperature: 0,
        top_p: 0.5,
        seed: 7,
        presence_penalty: 1,
        frequency_penalty: -1,
        stop: "END",
        max_tokens: 10,
        max_completion_tokens: 20,
        store: true,
        user: "ada",
      }),
    );
    expect(request).toEqual({
      caller,
      model: "m",
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "What\nis this?", images: [PIXEL] },
        {
          role: "assistant",
          content: "",
          toolCalls: [{ id: "c1", name: "clock", arguments: { zone: "UTC" } }],
        },
        { role: "tool", content: "12:00", toolCall: { id: "c1", name: "clock" } },
      ],
      maxTokens: 20,
      tools: [{ name: "clock", description: "", parameters }],
      sampling: {
        temperature: 0,
        topP: 0.5,
        seed: 7,
        presencePenalty: 1,
        frequencyPenalty: -1,
        stop: ["END"],
      },
    });
  });

  it("asks for as much as fits where it does not say how much", ({ expect }) => {
    expect(render(chat()).maxTokens).toBe(4096);
    expect(render(chat({ max_tokens: 1 })).maxTokens).toBe(1);
    expect(render(chat({ max_tokens: 1_000_000 })).maxTokens).toBe(8192);
    expect(render(chat()).sampling).toEqual({});
  });

  it("holds the answer to a form", ({ expect }) => {
    const schema = { type: "object", properties: { a: { type: "number" } } };
    const format = (response_format: unknown) => render(chat({ response_format })).format;
    expect(format({ type: "json_schema", json_schema: { name: "x", schema } })).toEqual(schema);
    expect(format({ type: "json_object" })).toEqual({ type: "object" });
    expect(format({ type: "text" })).toBeUndefined();
  });

  it("offers no tools where the client says none", ({ expect }) => {
    const tools = [{ type: "function", function: { name: "clock" } }];
    expect(render(chat({ tools, tool_choice: "none" }), { ...able, tools: false }).tools).toBe(
      undefined,
    );
    expect(render(chat({ tools, tool_choice: "auto" })).tools).toHaveLength(1);
  });

  it("is refused where the model cannot do it", ({ expect }) => {
    const tools = [{ type: "function", function: { name: "clock" } }];
    const image = { type: "image_url", image_url: { url: `data:image/png;base64,${PIXEL}` } };
    const messages = [{ role: "user", content: [image] }];
    expect(() => render(chat({ tools }), { ...able, tools: false })).toThrow(
      'The model "m" takes no tools.',
    );
    expect(() => render(chat({ messages }), { ...able, vision: false })).toThrow(
      'The model "m" takes no images.',
    );
  });

  it("is refused where a result answers no call before it", ({ expect }) => {
    const result = { role: "tool", tool_call_id: "c1", content: "12:00" };
    expect(() => render(chat({ messages: [hello, result] }))).toThrow(
      "messages.1: no message before it has a tool call of this id.",
    );
  });

  it.for([
    ["no messages", { messages: [] }, "messages"],
    [
      "a role that there is not",
      { messages: [{ role: "wizard", content: "x" }] },
      "messages.0.role",
    ],
    ["a number as text", { messages: [{ role: "user", content: 7 }] }, "messages.0.content"],
    ["an empty model", { model: "" }, "model"],
    ["an answer of no tokens", { max_tokens: 0 }, "max_tokens"],
    ["half a token", { max_tokens: 1.5 }, "max_tokens"],
    ["too warm", { temperature: 2.1 }, "temperature"],
    ["five stops", { stop: ["a", "b", "c", "d", "e"] }, "stop"],
    ["an empty stop", { stop: "" }, "stop"],
    ["two answers", { n: 2 }, "n"],
    ["a tool that must be called", { tool_choice: "required" }, "tool_choice"],
    ["old functions", { functions: [] }, "functions"],
    ["log probabilities", { logprobs: true }, "logprobs"],
    ["sound", { audio: {} }, "audio"],
    [
      "a tool's name with spaces",
      { tools: [{ type: "function", function: { name: "a b" } }] },
      "tools.0.function.name",
    ],
    [
      "a picture from elsewhere",
      {
        messages: [
          {
            role: "user",
            content: [{ type: "image_url", image_url: { url: "https://a.example/x.png" } }],
          },
        ],
      },
      "messages.0.content.0.image_url.url",
    ],
    [
      "a picture that is a page",
      {
        messages: [
          {
            role: "user",
            content: [{ type: "image_url", image_url: { url: "data:text/html;base64,AAAA" } }],
          },
        ],
      },
      "messages.0.content.0.image_url.url",
    ],
    [
      "arguments that are no object",
      {
        messages: [
          {
            role: "assistant",
            tool_calls: [{ id: "a", type: "function", function: { name: "f", arguments: "[1]" } }],
          },
        ],
      },
      "messages.0.tool_calls.0.function.arguments",
    ],
    [
      "too many messages",
      { messages: Array.from({ length: MAX_MESSAGES + 1 }, () => hello) },
      "messages",
    ],
    [
      "too many tools",
      {
        tools: Array.from({ length: MAX_TOOLS + 1 }, () => ({
          type: "function",
          function: { name: "f" },
        })),
      },
      "tools",
    ],
    [
      "a schema without a bottom",
      {
        tools: [
          { type: "function", function: { name: "f", parameters: deep(MAX_JSON_DEPTH + 1) } },
        ],
      },
      "tools.0.function.parameters",
    ],
  ] as const)("with %s is refused by its field's name", ([, change, field], { expect }) => {
    const parsed = v.safeParse(chatSchema, chat(change));
    expect(parsed.success).toBe(false);
    expect(parsed.issues?.map((issue) => v.getDotPath(issue))).toContain(field);
  });

  it("is understood or refused, whatever it holds", ({ expect }) => {
    const known = fc.record(
      {
        model: fc.oneof(fc.string(), fc.jsonValue()),
        messages: fc.array(
          fc.record(
            {
              role: fc.constantFrom("system", "user", "assistant", "tool", "x"),
              content: fc.oneof(fc.string({ unit: "binary" }), fc.jsonValue()),
              tool_calls: fc.jsonValue(),
              tool_call_id: fc.string(),
            },
            { requiredKeys: ["role"] },
          ),
        ),
        max_tokens: fc.oneof(fc.integer(), fc.double()),
        stop: fc.oneof(fc.string(), fc.array(fc.string())),
        tools: fc.jsonValue(),
        response_format: fc.jsonValue(),
      },
      { requiredKeys: ["model", "messages"] },
    );
    fc.assert(
      fc.property(fc.oneof(known, fc.jsonValue()), (body) => {
        const parsed = v.safeParse(chatSchema, body);
        if (!parsed.success) return;
        try {
          const request = renderRequest(parsed.output, able, "m", caller);
          expect(request.maxTokens).toBeGreaterThan(0);
          expect(request.messages.every(({ content }) => content.isWellFormed())).toBe(true);
          expect(() => JSON.stringify(request)).not.toThrow();
        } catch (error) {
          expect(error).toMatchObject({ code: "http/bad_request" });
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("isShallow", () => {
  it("counts levels, and does not drown in a million", ({ expect }) => {
    expect(isShallow(deep(MAX_JSON_DEPTH))).toBe(true);
    expect(isShallow(deep(MAX_JSON_DEPTH + 1))).toBe(false);
    expect(isShallow(deep(1_000_000))).toBe(false);
    expect(isShallow([[["x"]]], 3)).toBe(true);
    expect(isShallow([[["x"]]], 2)).toBe(false);
    expect(isShallow(null)).toBe(true);
  });
});
