/** When a streamed answer begins, what it says while there is nothing to say, and how it ends. */
import { afterEach, beforeEach, describe, it, vi } from "vitest";
import { AppError } from "../../../../src/core/errors.ts";
import {
  HEARTBEAT_MS,
  STATUS_WAIT_MS,
  streamAnswer,
} from "../../../../src/routes/openai/stream-answer.ts";
import { LAST, SlowSource } from "./slow-source.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const options = { includeUsage: false, requestId: "r1" };

describe("a streamed answer", () => {
  it("begins with the first word", async ({ expect }) => {
    const source = new SlowSource();
    const streaming = streamAnswer(source, options);
    source.give({ kind: "text", text: "one" });
    source.give(LAST);
    const response = await streaming;
    expect(response.headers.get("x-request-id")).toBe("r1");
    const text = await response.text();
    expect(text).toContain('"delta":{"content":"one"}');
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("fails with a status of its own before that", async ({ expect }) => {
    const source = new SlowSource();
    const failed = expect(streamAnswer(source, options)).rejects.toMatchObject({
      code: "model/busy",
    });
    await vi.advanceTimersByTimeAsync(STATUS_WAIT_MS - 1);
    source.fail(new AppError("model/busy"));
    await failed;
    expect(vi.getTimerCount()).toBe(0);
  });

  it("begins without a word where that takes long, and says that it is still there", async ({
    expect,
  }) => {
    const source = new SlowSource();
    const streaming = streamAnswer(source, options);
    await vi.advanceTimersByTimeAsync(STATUS_WAIT_MS);
    const reader = (await streaming).body?.pipeThrough(new TextDecoderStream()).getReader();
    const read = async () => (await reader?.read())?.value;
    expect(await read()).toContain('"role":"assistant"');
    await vi.advanceTimersByTimeAsync(2 * HEARTBEAT_MS);
    expect(await read()).toBe(": \n\n");
    source.fail(new AppError("model/timeout"));
    expect(await read()).toMatch(/^data: \{"error":\{"message":"The model took too long\./);
    expect((await reader?.read())?.done).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is abandoned when its reader goes", async ({ expect }) => {
    const source = new SlowSource();
    source.give({ kind: "text", text: "one" });
    const response = await streamAnswer(source, options);
    await response.body?.cancel();
    expect(source.isAbandoned).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});
