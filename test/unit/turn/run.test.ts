import { describe, it } from "vitest";
import { AppError, type ErrorCode } from "../../../src/core/errors.ts";
import type { ChatRequest, Model, ModelChunk } from "../../../src/core/ports.ts";
import type { QueuePlace } from "../../../src/core/stream.ts";
import { decideFailure, runTurn, type TurnResult } from "../../../src/turn/run.ts";

const caller = { personId: "p", priority: "interactive" } as const;
const request: ChatRequest = { caller, model: "auto", messages: [], maxTokens: 10 };
const usage = { model: "m", promptTokens: 1, outputTokens: 2, firstTokenMs: 3, totalMs: 4 };
const done: ModelChunk = { kind: "done", reason: "stop", usage };
const say = (text: string): ModelChunk => ({ kind: "text", text });

interface Played {
  result: TurnResult;
  /** States and pieces, in the order they were shown. */
  shown: string[];
  asked: ChatRequest[];
}

/** Plays a script: chunks, an error to throw, or a function to run between two chunks. */
async function play(
  script: readonly (ModelChunk | Error | (() => void))[],
  controller = new AbortController(),
): Promise<Played> {
  const shown: string[] = [];
  const asked: ChatRequest[] = [];
  const model: Pick<Model, "chat"> = {
    async *chat(given, signal) {
      asked.push(given);
      for (const step of script) {
        if (step instanceof Error) throw step;
        if (typeof step === "function") step();
        else yield step;
        if (signal.aborted) throw signal.reason;
      }
    },
  };
  const sink = {
    state: (state: string, place?: QueuePlace) =>
      shown.push(place ? `<${state} ${place.position} ${place.etaMs ?? "?"}>` : `<${state}>`),
    text: (delta: string) => shown.push(delta),
  };
  const result = await runTurn(request, model as Model, sink, controller.signal); // only chat() is called
  return { result, shown, asked };
}

describe("runTurn", () => {
  it("gives the whole answer, shown piece by piece", async ({ expect }) => {
    const played = await play([
      { kind: "loading" },
      { kind: "thinking", text: "hm" },
      say("Hel"),
      say("lo"),
      done,
      say("after the end"),
    ]);
    expect(played.result).toEqual({ status: "answered", text: "Hello", usage, reason: "stop" });
    expect(played.shown).toEqual(["<thinking>", "<answering>", "Hel", "lo"]);
    expect(played.asked).toEqual([request]);
  });

  it("shows where it waits in line, and when that is over", async ({ expect }) => {
    const { shown, result } = await play([
      { kind: "waiting", position: 2 },
      { kind: "waiting", position: 1, etaMs: 3_000 },
      { kind: "waiting", position: 0 },
      say("Hi"),
      done,
    ]);
    expect(shown).toEqual([
      "<thinking>",
      "<waiting 2 ?>",
      "<waiting 1 3000>",
      "<thinking>",
      "<answering>",
      "Hi",
    ]);
    expect(result).toMatchObject({ status: "answered", text: "Hi" });
  });

  it("says when the answer reached its length", async ({ expect }) => {
    const { result } = await play([say("a"), { kind: "done", reason: "length", usage }]);
    expect(result).toMatchObject({ status: "answered", text: "a", reason: "length" });
  });

  it("answers with nothing where the model says nothing", async ({ expect }) => {
    expect((await play([done])).result).toMatchObject({ status: "answered", text: "" });
  });

  it("is stopped with what was said so far", async ({ expect }) => {
    const controller = new AbortController();
    const { result } = await play([say("Hel"), () => controller.abort(), say("lo")], controller);
    expect(result).toEqual({ status: "stopped", text: "Hel" });
  });

  it("is stopped also where the model goes on, or ends, regardless", async ({ expect }) => {
    const controller = new AbortController();
    const deaf: Pick<Model, "chat"> = {
      async *chat() {
        yield say("a");
        controller.abort();
        yield done;
      },
    };
    const sink = { state: () => undefined, text: () => undefined };
    expect(await runTurn(request, deaf as Model, sink, controller.signal)).toEqual({
      status: "stopped",
      text: "a",
    });
  });

  it("is stopped before it begins", async ({ expect }) => {
    const controller = new AbortController();
    controller.abort();
    expect((await play([say("a"), done], controller)).result).toEqual({
      status: "stopped",
      text: "",
    });
  });

  it.for(["model/unavailable", "model/busy", "model/out_of_memory", "model/missing"] as const)(
    "is postponed by %s while nothing was shown",
    async (code, { expect }) => {
      const error = new AppError(code, { retryAfterMs: 7 });
      expect((await play([error])).result).toEqual({
        status: "postponed",
        code,
        error,
        retryAfterMs: 7,
      });
      expect((await play([say("a"), error])).result).toEqual({ status: "failed", code, error });
    },
  );

  it.for([
    "model/timeout",
    "model/broken_stream",
    "model/rejected",
    "model/remote_refused",
  ] as const)("fails by %s", async (code, { expect }) => {
    const error = new AppError(code);
    expect((await play([error])).result).toEqual({ status: "failed", code, error });
  });

  it("fails where the stream ends without its last chunk", async ({ expect }) => {
    expect((await play([say("a")])).result).toMatchObject({
      status: "failed",
      code: "model/broken_stream",
    });
    expect((await play([])).result).toMatchObject({
      status: "failed",
      code: "model/broken_stream",
    });
  });

  it("fails by a bug as http/internal", async ({ expect }) => {
    const error = new TypeError("x is not a function");
    expect((await play([error])).result).toEqual({
      status: "failed",
      code: "http/internal",
      error,
    });
  });

  it("ends a model that talks for ever at 200,000 characters", async ({ expect }) => {
    const whole = await play([say("a".repeat(200_000)), done]);
    expect(whole.result.status).toBe("answered");
    const { result } = await play([say("a".repeat(200_000)), say("b"), done]);
    expect(result).toMatchObject({ status: "failed", code: "model/rejected" });
    expect(result.status === "failed" && result.error).toMatchObject({
      message: "The answer is too long.",
    });
  });
});

describe("decideFailure", () => {
  it("knows the code of an error that came out of an object call", ({ expect }) => {
    const code: ErrorCode = "model/busy";
    const error = Object.assign(new Error("busy"), { code, retryAfterMs: 9 });
    expect(decideFailure(error, false)).toEqual({
      status: "postponed",
      code,
      error,
      retryAfterMs: 9,
    });
  });
});
