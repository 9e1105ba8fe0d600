/** The forms of an answer: chunks that parse whatever a model says, and whole answers. */
import fc from "fast-check";
import { describe, it } from "vitest";
import { ChunkWriter, createHead, renderCompletion } from "../../../../src/routes/openai/chunks.ts";

const usage = { model: "m", promptTokens: 3, outputTokens: 4, firstTokenMs: 1, totalMs: 2 };
const call = { id: "call_1", name: "clock", arguments: { zone: "UTC" } };

function parse(text: string) {
  const [, json = ""] = /^data: (.*)\n\n$/.exec(text) ?? [];
  return JSON.parse(json);
}

describe("a chunk", () => {
  it("holds the model's text unharmed, whatever it is", ({ expect }) => {
    const head = createHead('a "model"');
    const writer = new ChunkWriter(head, false);
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const written = writer.text(text.toWellFormed());
        expect(written.split("\n")).toHaveLength(3);
        expect(parse(written)).toEqual({
          id: head.id,
          object: "chat.completion.chunk",
          created: head.created,
          model: 'a "model"',
          choices: [
            {
              index: 0,
              delta: { content: text.toWellFormed() },
              logprobs: null,
              finish_reason: null,
            },
          ],
        });
      }),
    );
  });

  it("numbers tool calls, and gives each an id of its own", ({ expect }) => {
    const writer = new ChunkWriter(createHead("m"), false);
    const [one, two] = [parse(writer.call(call)), parse(writer.call(call))].map(
      (chunk) => chunk.choices[0].delta.tool_calls[0],
    );
    expect([one.index, two.index]).toEqual([0, 1]);
    expect(one.id).not.toBe(two.id);
    expect(one.function).toEqual({ name: "clock", arguments: '{"zone":"UTC"}' });
    expect(parse(writer.end("stop", undefined).replace("data: [DONE]\n\n", ""))).toMatchObject({
      choices: [{ delta: {}, finish_reason: "tool_calls" }],
    });
  });

  it("of the usage comes last, and only where it was asked for", ({ expect }) => {
    const asked = new ChunkWriter(createHead("m"), true).end("length", usage).split("\n\n");
    expect(asked).toHaveLength(4);
    expect(parse(`${asked[0]}\n\n`)).toMatchObject({
      usage: null,
      choices: [{ finish_reason: "length" }],
    });
    expect(parse(`${asked[1]}\n\n`)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 },
    });
    expect(asked.slice(2)).toEqual(["data: [DONE]", ""]);
    const plain = new ChunkWriter(createHead("m"), false);
    expect(plain.end("stop", usage)).not.toContain("usage");
  });
});

describe("a whole answer", () => {
  it("has no content where it only calls tools", ({ expect }) => {
    const only = renderCompletion(createHead("m"), {
      text: "",
      calls: [call],
      reason: "stop",
      usage,
    });
    expect(only.choices[0]).toMatchObject({
      message: { role: "assistant", content: null, tool_calls: [{ type: "function" }] },
      finish_reason: "tool_calls",
    });
    const both = renderCompletion(createHead("m"), { text: "a", calls: [], reason: "length" });
    expect(both.choices[0]).toMatchObject({ message: { content: "a" }, finish_reason: "length" });
    expect(both).not.toHaveProperty("usage");
  });
});
