import fc from "fast-check";
import { describe, it } from "vitest";
import { isAppError } from "../../../src/core/errors.ts";
import type { ModelChunk } from "../../../src/core/ports.ts";
import { MAX_ANSWER_UNITS, MAX_BAD_LINES, readAnswer } from "../../../src/models/answer.ts";
import { Deadline } from "../../../src/models/deadlines.ts";
import { OllamaDialect } from "../../../src/models/ollama/answer.ts";

const encoder = new TextEncoder();

async function readAll(pieces: (Uint8Array | string)[]): Promise<ModelChunk[]> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces)
        controller.enqueue(typeof piece === "string" ? encoder.encode(piece) : piece);
      controller.close();
    },
  });
  const deadline = new Deadline(60_000);
  try {
    const dialect = new OllamaDialect("tiny");
    const clock = { startedAtMs: 1_000, nowMs: () => 1_250 };
    const options = { model: "tiny", dialect, deadline, nextTokenMs: 20_000, ...clock };
    const chunks: ModelChunk[] = [];
    for await (const chunk of readAnswer(body, options)) chunks.push(chunk);
    return chunks;
  } finally {
    deadline.end();
  }
}

function say(content: string): string {
  return `${JSON.stringify({ message: { role: "assistant", content }, done: false })}\n`;
}

const LAST = '{"done":true,"done_reason":"stop","prompt_eval_count":12,"eval_count":3}\n';
const DONE: ModelChunk = {
  kind: "done",
  reason: "stop",
  usage: {
    model: "tiny",
    promptTokens: 12,
    outputTokens: 3,
    firstTokenMs: 250,
    totalMs: 250,
  },
};

describe("readAnswer", () => {
  it("hands on the calls of tools, and names those that the server did not", async ({ expect }) => {
    const wish = (id: string | undefined) => ({
      ...(id === undefined ? {} : { id }),
      function: { name: "clock", arguments: { zone: "UTC" } },
    });
    const message = { role: "assistant", content: "", tool_calls: [wish("a1"), wish(undefined)] };
    const chunks = await readAll([`${JSON.stringify({ message, done: false })}\n`, LAST]);
    const call = { name: "clock", arguments: { zone: "UTC" } };
    expect(chunks).toEqual([
      { kind: "tool_call", call: { id: "a1", ...call } },
      { kind: "tool_call", call: { id: "call_2", ...call } },
      DONE,
    ]);
  });

  it.for([
    ['"{\\"zone\\":\\"UTC\\"}"', '{"zone":"UTC"}'],
    ['["UTC"]', '["UTC"]'],
    ["7", "7"],
  ])(
    "hands on arguments that are no object, such as %s, as they were written",
    async ([given, written], { expect }) => {
      const line = `{"message":{"content":"","tool_calls":[{"id":"a","function":{"name":"clock","arguments":${given}}}]}}\n`;
      expect(await readAll([line, LAST])).toEqual([
        { kind: "tool_call", call: { id: "a", name: "clock", arguments: {}, written } },
        DONE,
      ]);
    },
  );

  it("gives the same text wherever the bytes are cut", async ({ expect }) => {
    const whole = encoder.encode(say("tea ") + say("茶 🍵") + LAST);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(whole.length)), async (places) => {
        const ends = [...places.sort((a, b) => a - b), whole.length];
        const pieces = ends.map((end, index) => whole.slice(ends[index - 1] ?? 0, end));
        expect(await readAll(pieces)).toEqual([
          { kind: "text", text: "tea " },
          { kind: "text", text: "茶 🍵" },
          DONE,
        ]);
      }),
    );
  });

  it("takes text in the last line, and a last line without its end", async ({ expect }) => {
    const last = '{"message":{"content":"!"},"done":true,"done_reason":"length"}';
    expect(await readAll([say("tea"), last])).toMatchObject([
      { kind: "text", text: "tea" },
      { kind: "text", text: "!" },
      { kind: "done", reason: "length", usage: { promptTokens: 0, outputTokens: 0 } },
    ]);
  });

  it("keeps thinking apart from text", async ({ expect }) => {
    const thinking = '{"message":{"content":"","thinking":"hm"}}\n';
    expect(await readAll([thinking, say("tea"), LAST])).toEqual([
      { kind: "thinking", text: "hm" },
      { kind: "text", text: "tea" },
      DONE,
    ]);
  });

  it("joins a character that the server cut in two", async ({ expect }) => {
    const half = (unit: string) => `{"message":{"content":"${unit}"}}\n`;
    expect(await readAll([half("\\ud83c"), half("\\udf75"), half("\\ud83c"), LAST])).toEqual([
      { kind: "text", text: "🍵" },
      { kind: "text", text: "\uFFFD" },
      DONE,
    ]);
  });

  it("says nothing after the last line", async ({ expect }) => {
    expect(await readAll([LAST + say("and more")])).toEqual([DONE]);
  });

  it("reads on to the end of the connection, so that it can be used again", async ({ expect }) => {
    const pieces = [say("tea"), LAST, "\n"];
    let ended = false;
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          const piece = pieces.shift();
          if (piece !== undefined) return controller.enqueue(encoder.encode(piece));
          ended = true;
          controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    const deadline = new Deadline(60_000);
    const dialect = new OllamaDialect("tiny");
    const clock = { startedAtMs: 0, nowMs: () => 0 };
    const options = { model: "tiny", dialect, deadline, nextTokenMs: 20_000, ...clock };
    for await (const chunk of readAnswer(body, options))
      if (chunk.kind === "done") expect(ended).toBe(false);
    deadline.end();
    expect(ended).toBe(true);
  });

  it("skips as many bad lines as are allowed and fails at one more", async ({ expect }) => {
    const bad = ["{", "[]", "null", '{"done":"yes"}', '{"message":{"content":7}}', "<html>\n"];
    expect(bad.length).toBe(MAX_BAD_LINES + 1);
    const skipped = bad.slice(0, MAX_BAD_LINES).join("\n");
    expect(await readAll([`${skipped}\n`, say("tea"), LAST])).toEqual([
      { kind: "text", text: "tea" },
      DONE,
    ]);
    await expect(readAll([bad.join("\n"), LAST])).rejects.toMatchObject({
      code: "model/broken_stream",
      message: `More than ${MAX_BAD_LINES} lines of the answer are not of its form.`,
    });
  });

  it("takes the longest text and fails at one character more", async ({ expect }) => {
    const line = say("a".repeat(100_000));
    const longest = Array.from({ length: MAX_ANSWER_UNITS / 100_000 }, () => line);
    expect((await readAll([...longest, LAST])).at(-1)).toEqual(DONE);
    await expect(readAll([...longest, say("a"), LAST])).rejects.toMatchObject({
      code: "model/broken_stream",
      message: `The answer has more than ${MAX_ANSWER_UNITS} characters.`,
    });
  });

  it("fails only in known ways, whatever the bytes", async ({ expect }) => {
    const lineLike = fc.oneof(
      fc.json(),
      fc.json().map((value) => `{"message":${value}}`),
      fc.json().map((value) => `{"error":${value}}`),
      fc.json().map((value) => `{"done":${value},"eval_count":${value}}`),
    );
    const anyBytes = fc.oneof(
      fc.uint8Array(),
      lineLike.map((text) => encoder.encode(`${text}\n`)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(anyBytes), async (pieces) => {
        const outcome = await readAll(pieces).catch((error: unknown) => error);
        if (Array.isArray(outcome)) expect(outcome.at(-1).kind).toBe("done");
        else expect(isAppError(outcome) && outcome.code.startsWith("model/")).toBe(true);
      }),
    );
  });
});
