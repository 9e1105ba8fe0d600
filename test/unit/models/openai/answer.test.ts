import fc from "fast-check";
import { describe, it } from "vitest";
import { isAppError } from "../../../../src/core/errors.ts";
import type { ModelChunk } from "../../../../src/core/ports.ts";
import { readAnswer } from "../../../../src/models/answer.ts";
import { Deadline } from "../../../../src/models/deadlines.ts";
import { MAX_ARGUMENT_UNITS, OpenAiDialect } from "../../../../src/models/openai/answer.ts";

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
    const dialect = new OpenAiDialect();
    const clock = { startedAtMs: 1_000, nowMs: () => 1_250 };
    const options = { model: "m", dialect, deadline, nextTokenMs: 20_000, ...clock };
    const chunks: ModelChunk[] = [];
    for await (const chunk of readAnswer(body, options)) chunks.push(chunk);
    return chunks;
  } finally {
    deadline.end();
  }
}

function event(data: unknown): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}

function say(content: string): string {
  return event({ choices: [{ delta: { content } }] });
}

function finish(reason: string): string {
  return event({ choices: [{ delta: {}, finish_reason: reason }] });
}

function pieces(...calls: object[]): string {
  return event({ choices: [{ delta: { tool_calls: calls } }] });
}

const USAGE = event({ choices: [], usage: { prompt_tokens: 12, completion_tokens: 3 } });
const DONE = "data: [DONE]\n\n";

function done(reason: "stop" | "length", promptTokens = 0, outputTokens = 0): ModelChunk {
  const usage = { model: "m", promptTokens, outputTokens, firstTokenMs: 250, totalMs: 250 };
  return { kind: "done", reason, usage };
}

const TEA: ModelChunk = { kind: "text", text: "tea" };

describe("an answer in events", () => {
  it("ends with [DONE], and has its usage where the server sends it", async ({ expect }) => {
    expect(await readAll([say("tea"), finish("stop"), USAGE, DONE])).toEqual([
      TEA,
      done("stop", 12, 3),
    ]);
    expect(await readAll([say("tea"), finish("length"), DONE])).toEqual([TEA, done("length")]);
    expect(await readAll([say("tea"), DONE])).toEqual([TEA, done("stop")]);
  });

  it("is whole without [DONE] only where it has said why it ends", async ({ expect }) => {
    expect(await readAll([say("tea"), finish("stop"), USAGE])).toEqual([TEA, done("stop", 12, 3)]);
    await expect(readAll([say("tea")])).rejects.toMatchObject({
      code: "model/broken_stream",
      message: "The answer ended before it was whole.",
    });
  });

  it("passes over comments, other fields and carriage returns", async ({ expect }) => {
    const stream = [
      ": ping\r\n\r\nevent: message\r\nid: 7\r\nretry: 10\r\n",
      say("tea").replaceAll("\n", "\r\n"),
      finish("stop").replaceAll("\n", "\r\n"),
      "data: [DONE]\r\n\r\n",
    ];
    expect(await readAll(stream)).toEqual([TEA, done("stop")]);
  });

  it("keeps thinking apart from text, whatever the server calls it", async ({ expect }) => {
    const llama = event({ choices: [{ delta: { reasoning_content: "hm" } }] });
    const studio = event({ choices: [{ delta: { reasoning: "so", content: null } }] });
    expect(await readAll([llama, studio, say("tea"), finish("stop"), DONE])).toEqual([
      { kind: "thinking", text: "hm" },
      { kind: "thinking", text: "so" },
      TEA,
      done("stop"),
    ]);
  });

  it("gives the same text wherever the bytes are cut", async ({ expect }) => {
    const whole = encoder.encode(say("tea ") + say("茶 🍵") + finish("stop") + USAGE + DONE);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(whole.length)), async (places) => {
        const ends = [...places.sort((a, b) => a - b), whole.length];
        const cut = ends.map((end, index) => whole.slice(ends[index - 1] ?? 0, end));
        expect(await readAll(cut)).toEqual([
          { kind: "text", text: "tea " },
          { kind: "text", text: "茶 🍵" },
          done("stop", 12, 3),
        ]);
      }),
    );
  });

  it("fails in the server's words, in each form that servers have", async ({ expect }) => {
    const failures = [
      event({ error: { message: "kaput" } }),
      event({ error: "kaput" }),
      "error: kaput\n\n",
    ];
    for (const failure of failures)
      await expect(readAll([say("tea"), failure, DONE])).rejects.toMatchObject({
        code: "model/broken_stream",
        message: "The model server failed while answering: kaput",
      });
  });

  it("fails only in known ways, whatever the bytes", async ({ expect }) => {
    const lineLike = fc.oneof(
      fc.json().map((value) => `data: ${value}`),
      fc.json().map((value) => `data: {"choices":[{"delta":${value}}]}`),
      fc.json().map((value) => `data: {"choices":[{"delta":{"tool_calls":[${value}]}}]}`),
      fc.json().map((value) => `data: {"error":${value},"usage":${value}}`),
      fc.constantFrom(": x", "data: [DONE]", "event: error", "data:"),
    );
    const anyBytes = fc.oneof(
      fc.uint8Array(),
      lineLike.map((text) => encoder.encode(`${text}\n\n`)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(anyBytes), async (all) => {
        const outcome = await readAll(all).catch((error: unknown) => error);
        if (Array.isArray(outcome)) expect(outcome.at(-1).kind).toBe("done");
        else expect(isAppError(outcome) && outcome.code.startsWith("model/")).toBe(true);
      }),
    );
  });
});

describe("calls of tools", () => {
  it("are joined from their pieces and handed on when the answer ends", async ({ expect }) => {
    const stream = [
      pieces({ index: 0, id: "a1", function: { name: "clock", arguments: "" } }),
      pieces({ index: 0, function: { arguments: '{"zone":' } }),
      pieces({ index: 1, function: { name: "dice", arguments: "" } }),
      pieces({ index: 0, function: { arguments: '"UTC"}' } }),
      finish("tool_calls"),
      DONE,
    ];
    expect(await readAll(stream)).toEqual([
      { kind: "tool_call", call: { id: "a1", name: "clock", arguments: { zone: "UTC" } } },
      { kind: "tool_call", call: { id: "call_2", name: "dice", arguments: {} } },
      done("stop"),
    ]);
  });

  it("may come without numbers", async ({ expect }) => {
    const stream = [
      pieces({ id: "a", function: { name: "clock", arguments: "{}" } }),
      pieces({ id: "b", function: { name: "dice", arguments: '{"si' } }),
      pieces({ function: { arguments: 'des":6}' } }),
      finish("tool_calls"),
      DONE,
    ];
    expect(await readAll(stream)).toMatchObject([
      { call: { id: "a", name: "clock", arguments: {} } },
      { call: { id: "b", name: "dice", arguments: { sides: 6 } } },
      { kind: "done" },
    ]);
  });

  it("keep what the model wrote where it is no object", async ({ expect }) => {
    for (const written of ['{"zone": UTC}', "[1]", '"UTC"', "```json\n{}\n```"]) {
      const call = { index: 0, id: "a", function: { name: "clock", arguments: written } };
      expect(await readAll([pieces(call), finish("tool_calls"), DONE])).toMatchObject([
        { call: { id: "a", name: "clock", arguments: {}, written } },
        { kind: "done" },
      ]);
    }
  });

  it("are bounded", async ({ expect }) => {
    const half = "x".repeat(MAX_ARGUMENT_UNITS / 2);
    const piece = pieces({ index: 0, function: { name: "clock", arguments: half } });
    expect(await readAll([piece, piece, finish("stop"), DONE])).toHaveLength(2);
    await expect(
      readAll([piece, piece, pieces({ index: 0, function: { arguments: "x" } }), DONE]),
    ).rejects.toMatchObject({
      code: "model/broken_stream",
      message: "The answer calls more tools than can be meant.",
    });
  });
});
