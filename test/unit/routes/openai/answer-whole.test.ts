/** When an answer in one piece begins, what it says while it is not whole, and how it ends. */
import { afterEach, beforeEach, describe, it, vi } from "vitest";
import { AppError } from "../../../../src/core/errors.ts";
import {
  answerWhole,
  EMPTY_LINE_MS,
  WHOLE_WAIT_MS,
} from "../../../../src/routes/openai/answer-whole.ts";
import { LAST, SlowSource } from "./slow-source.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const ONE = { kind: "text", text: "one" } as const;

/** An answer that has a word, and is not over when its status must be. */
async function openSlow() {
  const source = new SlowSource();
  const answering = answerWhole(source, "r1");
  source.give(ONE);
  await vi.advanceTimersByTimeAsync(WHOLE_WAIT_MS);
  return { source, response: await answering };
}

describe("an answer in one piece", () => {
  it("is sent when it is whole", async ({ expect }) => {
    const source = new SlowSource();
    const answering = answerWhole(source, "r1");
    source.give(ONE);
    source.give({ kind: "text", text: " two" });
    source.give(LAST);
    const response = await answering;
    expect(Object.fromEntries(response.headers)).toEqual({
      "content-type": "application/json",
      "cache-control": "no-store",
      "x-request-id": "r1",
    });
    const text = await response.text();
    expect(text).toMatch(/^\{"id":"chatcmpl-/);
    expect(JSON.parse(text)).toMatchObject({
      model: "m",
      choices: [{ message: { content: "one two" }, finish_reason: "stop" }],
    });
    expect(vi.getTimerCount()).toBe(0);
  });

  it.for([
    ["before its first token, however late", [], 20 * WHOLE_WAIT_MS],
    ["soon after it", [ONE], WHOLE_WAIT_MS - 1],
  ] as const)("fails with a status of its own %s", async ([, pieces, lateMs], { expect }) => {
    const source = new SlowSource();
    const failed = expect(answerWhole(source, "r1")).rejects.toMatchObject({ code: "model/busy" });
    for (const piece of pieces) source.give(piece);
    await vi.advanceTimersByTimeAsync(lateMs);
    source.fail(new AppError("model/busy"));
    await failed;
    expect(vi.getTimerCount()).toBe(0);
  });

  it("begins with empty lines where it takes long, and is the same JSON", async ({ expect }) => {
    const { source, response } = await openSlow();
    const text = response.text();
    await vi.advanceTimersByTimeAsync(3 * EMPTY_LINE_MS);
    source.give({ kind: "text", text: " two" });
    source.give(LAST);
    expect(await text).toMatch(/^\n\n\n\{"id":/);
    expect(JSON.parse(await text)).toMatchObject({
      choices: [{ message: { content: "one two" }, finish_reason: "stop" }],
    });
    expect(vi.getTimerCount()).toBe(0);
  });

  it("that fails then says so, and breaks off", async ({ expect }) => {
    const { source, response } = await openSlow();
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    source.fail(new AppError("model/timeout"));
    expect(JSON.parse((await reader?.read())?.value ?? "")).toMatchObject({
      error: { code: "model/timeout" },
    });
    const broken = expect(reader?.read()).rejects.toMatchObject({ code: "model/timeout" });
    await vi.runAllTimersAsync();
    await broken;
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is abandoned when its reader goes", async ({ expect }) => {
    const { source, response } = await openSlow();
    await response.body?.cancel();
    expect(source.isAbandoned).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
    source.fail(new AppError("model/broken_stream"));
    await vi.advanceTimersByTimeAsync(EMPTY_LINE_MS);
  });
});
