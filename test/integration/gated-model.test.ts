/** A model behind the gate of its server: whom it answers when, what who waits is told, and that every end gives the slot back. */
import { describe, it } from "vitest";
import { ProcessCache } from "../../src/cache/process-cache.ts";
import type { AppError } from "../../src/core/errors.ts";
import { type GateCalls, MAX_HOLD_MS } from "../../src/core/gate-protocol.ts";
import type { Caller, Model, ModelChunk } from "../../src/core/ports.ts";
import { openGate } from "../../src/do/gate/gate-client.ts";
import { MAX_WAITING_PER_PERSON } from "../../src/gate/fair-line.ts";
import { createGatedModel } from "../../src/gate/gated-model.ts";
import { createOllama } from "../../src/models/ollama/ollama.ts";
import { env } from "../support/integration.ts";
import { ScriptedModel, until } from "../support/scripted-model.ts";

/** A server of its own, and a model that reaches it through its gate. */
function newServer(slots = 1): { server: ScriptedModel; gate: GateCalls; model: Model } {
  const server = new ScriptedModel();
  const gate = openGate(env, crypto.randomUUID());
  const ollama = createOllama({
    fetch: server.fetch,
    baseUrl: "http://model.test",
    contextTokens: 8192,
    memoryBytes: 1024 ** 3,
    patience: { firstTokenMs: 60_000, nextTokenMs: 20_000 },
    cache: new ProcessCache({ binding: undefined, nowMs: () => Date.now() }),
    nowMs: () => Date.now(),
  });
  const options = { openGate: () => gate, slots, nowMs: () => Date.now() };
  return { server, gate, model: createGatedModel(ollama, options) };
}

interface Talk {
  chunks: ModelChunk[];
  ended: Promise<AppError | undefined>;
  controller: AbortController;
}

function person(personId: string = crypto.randomUUID()): Caller {
  return { personId, priority: "interactive" };
}

function chat(model: Model, caller: Caller = person()): Talk {
  const controller = new AbortController();
  const chunks: ModelChunk[] = [];
  const request = {
    caller,
    model: "auto",
    messages: [{ role: "user", content: "hello" }],
    maxTokens: 100,
  } as const;
  const read = async () => {
    try {
      for await (const chunk of model.chat(
        { ...request, messages: [...request.messages] },
        controller.signal,
      ))
        chunks.push(chunk);
      return undefined;
    } catch (error) {
      return error as AppError; // what the test looks at
    }
  };
  return { chunks, ended: read(), controller };
}

function textOf({ chunks }: Talk): string {
  return chunks.map((chunk) => (chunk.kind === "text" ? chunk.text : "")).join("");
}

const FREE = { slots: 1, busy: 0, waiting: 0 };

describe("a call behind the gate", () => {
  it("waits for a slot, is told its place, and then answered", async ({ expect }) => {
    const { server, gate, model } = newServer();
    const first = chat(model);
    const running = await server.nextChat();
    const second = chat(model);
    await until(() => second.chunks.length > 0);
    expect(second.chunks).toEqual([{ kind: "waiting", position: 1 }]);
    expect(server.chats).toHaveLength(1);
    expect(await model.state()).toMatchObject({
      status: "up",
      queue: { slots: 1, busy: 1, waiting: 1 },
    });
    running.isOver = true;
    await first.ended;
    await server.answer("second");
    expect(await second.ended).toBeUndefined();
    expect(second.chunks[1]).toEqual({ kind: "waiting", position: 0 });
    expect(textOf(second)).toBe("second");
    expect(textOf(first)).toBe("");
    expect(await gate.state()).toEqual(FREE);
  });

  it("is told nothing of a line where a slot is free", async ({ expect }) => {
    const { server, model } = newServer(2);
    const talks = [chat(model), chat(model)];
    await server.answer("a");
    await server.answer("b");
    await Promise.all(talks.map(({ ended }) => ended));
    for (const { chunks } of talks)
      expect(chunks.map(({ kind }) => kind)).toEqual(["text", "done"]);
  });

  it("leaves the line at once when it is aborted", async ({ expect }) => {
    const { server, gate, model } = newServer();
    const first = chat(model);
    const running = await server.nextChat();
    const second = chat(model);
    await until(async () => (await gate.state()).waiting === 1);
    const startedAt = Date.now();
    second.controller.abort();
    expect(await second.ended).toBeUndefined();
    expect(Date.now() - startedAt).toBeLessThan(MAX_HOLD_MS / 2);
    expect(await gate.state()).toEqual({ slots: 1, busy: 1, waiting: 0 });
    running.isOver = true;
    await first.ended;
    expect(server.chats).toHaveLength(1);
  });

  it("gives the slot back however it ends", async ({ expect }) => {
    const { server, gate, model } = newServer();
    const cut = chat(model);
    const running = await server.nextChat();
    running.pieces.push("half");
    await until(() => cut.chunks.length > 0);
    cut.controller.abort();
    await cut.ended;
    await until(() => running.isCancelled);
    await until(async () => (await gate.state()).busy === 0);

    const broken = chat(model);
    Object.assign(await server.nextChat(), { failure: "the model fell over", isOver: true });
    expect(await broken.ended).toMatchObject({ code: "model/broken_stream" });
    expect(await gate.state()).toEqual(FREE);

    const left = model.chat(
      { caller: { personId: "p", priority: "urgent" }, model: "auto", messages: [], maxTokens: 1 },
      new AbortController().signal,
    );
    const next = server.nextChat().then((chat) => chat.pieces.push("first", "second"));
    for await (const chunk of left) if (chunk.kind === "text") break;
    await next;
    await until(async () => (await gate.state()).busy === 0);
  });

  it("fails with a clear code where the line is full, and the others go on", async ({ expect }) => {
    const { server, gate, model } = newServer();
    const first = chat(model, person("a"));
    const running = await server.nextChat();
    const waiting = Array.from({ length: MAX_WAITING_PER_PERSON }, () => chat(model, person("a")));
    await until(async () => (await gate.state()).waiting === MAX_WAITING_PER_PERSON);
    expect(await chat(model, person("a")).ended).toMatchObject({
      code: "model/queue_full",
      message: "Too many wait for the model server already.",
      retryAfterMs: expect.any(Number),
    });
    for (const { controller } of waiting) controller.abort();
    running.isOver = true;
    await Promise.all([first, ...waiting].map(({ ended }) => ended));
    expect(await gate.state()).toEqual(FREE);
  });

  it("steps back when its caller becomes less urgent while it waits", async ({ expect }) => {
    const { server, model } = newServer();
    const first = chat(model);
    const running = await server.nextChat();
    const caller = { personId: "closed", priority: "interactive" as "interactive" | "background" };
    const closed = chat(model, caller);
    await until(() => closed.chunks.length > 0);
    const open = chat(model);
    await until(() => open.chunks.length > 0);
    expect(open.chunks[0]).toMatchObject({ position: 2 });
    caller.priority = "background";
    await until(() =>
      open.chunks.some((chunk) => chunk.kind === "waiting" && chunk.position === 1),
    );
    running.isOver = true;
    await first.ended;
    await server.answer("open");
    await open.ended;
    expect(textOf(open)).toBe("open");
    await server.answer("closed");
    await closed.ended;
    expect(textOf(closed)).toBe("closed");
  });
});
