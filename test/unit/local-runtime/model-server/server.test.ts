import { mkdtempSync, rmSync, unlinkSync } from "node:fs";
import { request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, onTestFinished, vi } from "vitest";
import { PromptTooLong } from "../../../../local-runtime/model-server/engine.ts";
import { MAX_BODY_BYTES } from "../../../../local-runtime/model-server/http-body.ts";
import { MAX_WAITING } from "../../../../local-runtime/model-server/job-queue.ts";
import { createModelServer } from "../../../../local-runtime/model-server/server.ts";
import { writeGguf } from "../../../support/gguf-file.ts";
import { createScriptedEngine } from "../../../support/scripted-engine.ts";

/** Two models that take tools, one that thinks, one for embeddings. */
async function serve() {
  const dir = mkdtempSync(join(tmpdir(), "rockpool-models-"));
  const file = (name: string) => join(dir, `${name}.gguf`);
  writeGguf(file("a"));
  writeGguf(file("b"));
  writeGguf(file("t"), { "tokenizer.chat_template": "<think>" });
  writeGguf(file("e"), { "general.architecture": "bert" });
  const models = ["a", "b", "t", "e"].map((name) => ({ name: `${name}:1b`, file: file(name) }));
  const engine = createScriptedEngine();
  const server = createModelServer({ engine, models: () => models, version: "1.2.3" });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const { port } = server.address() as AddressInfo; // it listens on a port
  const url = `http://127.0.0.1:${port}`;
  const post = (path: string, body: unknown, init: RequestInit = {}) =>
    fetch(url + path, {
      method: "POST",
      body: typeof body === "string" ? body : JSON.stringify(body),
      ...init,
    });
  const chat = (fields: object = {}, init: RequestInit = {}) =>
    post(
      "/api/chat",
      { model: "a:1b", messages: [{ role: "user", content: "Hi" }], ...fields },
      init,
    );
  return { engine, url, port, post, chat, file };
}

async function lines(response: Response): Promise<unknown[]> {
  return (await response.text())
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

describe("the built-in model server", () => {
  it("says what it is, and what it serves", async ({ expect }) => {
    const { url, post } = await serve();
    expect(await (await fetch(url)).text()).toBe("Ollama is running");
    const version = await (await fetch(`${url}/api/version`)).json();
    expect(version).toEqual({
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      server: "rockpool 1.2.3",
      engine: "scripted",
    });
    const { models } = await (await fetch(`${url}/api/tags`)).json();
    expect(models).toHaveLength(4);
    expect(models[0]).toMatchObject({
      name: "a:1b",
      capabilities: ["completion", "tools"],
      details: { format: "gguf", parameter_size: "33K", quantization_level: "Q4_K_M" },
    });
    const shown = await (await post("/api/show", { model: "t:1b" })).json();
    expect(shown).toMatchObject({
      capabilities: ["completion", "thinking"],
      model_info: { "llama.context_length": 4096 },
    });
  });

  it("no longer serves a model whose file is gone", async ({ expect }) => {
    const { url, file, chat } = await serve();
    unlinkSync(file("a"));
    const { models } = await (await fetch(`${url}/api/tags`)).json();
    expect(models.map(({ name }: { name: string }) => name)).toEqual(["b:1b", "t:1b", "e:1b"]);
    expect((await chat()).status).toBe(404);
  });

  it("streams an answer as lines, the last one with the counts", async ({ expect }) => {
    const { chat } = await serve();
    const response = await chat();
    expect(response.headers.get("content-type")).toBe("application/x-ndjson");
    const answer = await lines(response);
    expect(answer).toMatchObject([
      { message: { role: "assistant", content: "Hel" }, done: false },
      { message: { role: "assistant", content: "lo" }, done: false },
      {
        message: { role: "assistant", content: "" },
        done: true,
        done_reason: "stop",
        prompt_eval_count: 40,
        prompt_cached_count: 30,
        prompt_eval_duration: 3_000_000,
        eval_count: 2,
        eval_duration: 4_000_000,
      },
    ]);
  });

  it("answers at once where no stream is wished for, thinking and tool calls apart", async ({
    expect,
  }) => {
    const { chat, engine } = await serve();
    engine.script = (_, onPiece) => {
      onPiece({ kind: "thinking", text: "Hm." });
      onPiece({ kind: "text", text: "Let me look." });
      onPiece({ kind: "tool_call", call: { name: "clock", arguments: { zone: "UTC" } } });
    };
    const tools = [{ function: { name: "clock", description: "The time", parameters: {} } }];
    const [answer] = await lines(await chat({ stream: false, tools }));
    expect(answer).toMatchObject({
      done: true,
      message: {
        content: "Let me look.",
        thinking: "Hm.",
        tool_calls: [{ function: { name: "clock", arguments: { zone: "UTC" } } }],
      },
    });
    expect(engine.chats[0]).toMatchObject({ tools: [{ name: "clock" }], think: false });
  });

  it.for([
    [{ model: "no:1b" }, 404, "model 'no:1b' not found"],
    [{ model: "e:1b" }, 400, '"e:1b" does not support chat'],
    [{ model: "t:1b", tools: [{ function: { name: "x" } }] }, 400, '"t:1b" does not support tools'],
    [{ think: true }, 400, '"a:1b" does not support thinking'],
    [{ messages: [{ role: "user", images: ["aa"] }] }, 400, '"a:1b" does not support images'],
    [
      { format: "json", tools: [{ function: { name: "x" } }] },
      400,
      "tools and format cannot be used together",
    ],
    [
      { options: { num_ctx: 1 } },
      400,
      "options.num_ctx: Invalid value: Expected >=16 but received 1",
    ],
  ] as const)("refuses %j and loads nothing", async ([fields, status, error], { expect }) => {
    const { chat, engine } = await serve();
    const response = await chat(fields);
    expect([response.status, await response.json()]).toEqual([status, { error }]);
    expect(engine.log).toEqual([]);
  });

  it("lets a model think where it can, and not where that is refused", async ({ expect }) => {
    const { chat, engine } = await serve();
    await (await chat({ model: "t:1b" })).text();
    await (await chat({ model: "t:1b", think: false })).text();
    expect(engine.chats.map(({ think }) => think)).toEqual([true, false]);
  });

  it("turns texts into unit vectors, cut to the dimensions that are asked for", async ({
    expect,
  }) => {
    const { post, engine } = await serve();
    const whole = await post("/api/embed", { model: "e:1b", input: "" });
    expect(await whole.json()).toMatchObject({
      model: "e:1b",
      embeddings: [[0.6, 0.8, 0]],
      prompt_eval_count: 1,
    });
    const cut = await post("/api/embed", { model: "e:1b", input: ["a", "bc"], dimensions: 2 });
    expect((await cut.json()).embeddings).toEqual([
      [0.6, 0.8],
      [0.6, 0.8],
    ]);
    expect(engine.log).toEqual(["load e.gguf 8192"]);
    const more = await post("/api/embed", { model: "e:1b", input: "a", dimensions: 4 });
    expect([more.status, await more.json()]).toEqual([
      400,
      { error: "the model's vectors have 3 dimensions" },
    ]);
    const none = await post("/api/embed", { model: "e:1b", input: [] });
    expect([none.status, await none.json()]).toEqual([
      400,
      { error: "input: one text at least is expected" },
    ]);
  });

  it("refuses a body that is too large, or no JSON", async ({ expect }) => {
    const { post } = await serve();
    const large = await post("/api/chat", " ".repeat(MAX_BODY_BYTES + 1));
    expect([large.status, await large.json()]).toEqual([
      413,
      { error: `the body has more than ${MAX_BODY_BYTES} bytes` },
    ]);
    const broken = await post("/api/chat", "{");
    expect([broken.status, await broken.json()]).toEqual([400, { error: "the body is not JSON" }]);
  });

  it("tells a prompt that is too long, and a failure, before the answer and within it", async ({
    expect,
  }) => {
    const { chat, engine } = await serve();
    engine.script = () => {
      throw new PromptTooLong(900, 512);
    };
    const long = await chat({ truncate: false });
    expect(long.status).toBe(400);
    expect(await long.json()).toEqual({
      error: "the prompt of 900 tokens exceeds the context length of 512",
    });
    engine.script = (_, onPiece) => {
      onPiece({ kind: "text", text: "Hel" });
      throw new Error("out of memory\nat secret place");
    };
    const cut = await lines(await chat());
    expect(cut.at(-1)).toEqual({ error: "out of memory" });
    engine.script = () => {
      throw new Error("broken");
    };
    const failed = await chat();
    expect([failed.status, await failed.json()]).toEqual([500, { error: "broken" }]);
  });

  it("says that memory is short in words that clients look for", async ({ expect }) => {
    class InsufficientMemoryError extends Error {}
    const { chat, engine } = await serve();
    engine.script = () => {
      throw new InsufficientMemoryError("A context size of 8192 is too large");
    };
    const failed = await chat();
    expect([failed.status, await failed.json()]).toEqual([
      500,
      {
        error:
          "model requires more system memory than is available (A context size of 8192 is too large)",
      },
    ]);
  });

  it("turns away a page in a browser, and a name that only looks like this machine", async ({
    expect,
  }) => {
    const { url, chat, port } = await serve();
    expect((await chat({}, { headers: { origin: "https://evil.example" } })).status).toBe(403);
    const status = await new Promise((resolve) => {
      const headers = { host: "evil.example" };
      request({ port, headers }, (response) => resolve(response.resume().statusCode)).end();
    });
    expect(status).toBe(403);
    expect((await fetch(`${url}/api/nothing`)).status).toBe(404);
  });

  it("stops the engine when the client goes, and serves the next one", async ({ expect }) => {
    const { chat, engine } = await serve();
    const gone = new AbortController();
    let stopped = false;
    engine.script = async (_, onPiece, signal) => {
      onPiece({ kind: "text", text: "Hel" });
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      stopped = true;
      throw signal.reason;
    };
    const response = await chat({}, { signal: gone.signal });
    expect(response.ok).toBe(true);
    gone.abort();
    await vi.waitUntil(() => stopped, 20_000);
    engine.script = (_, onPiece) => onPiece({ kind: "text", text: "next" });
    expect((await lines(await chat()))[0]).toMatchObject({ message: { content: "next" } });
    expect(engine.log).toEqual(["load a.gguf 8192"]);
  });

  it(`says that it is busy when ${MAX_WAITING} wait`, async ({ expect }) => {
    const { chat, engine } = await serve();
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    engine.script = () => opened;
    const answers = Array.from({ length: MAX_WAITING + 2 }, () => chat());
    const refused = await Promise.race(answers);
    expect(refused.status).toBe(503);
    expect(await refused.json()).toEqual({
      error: "server busy, please try again.  maximum pending requests exceeded",
    });
    open();
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(MAX_WAITING + 1);
  });
});

describe("the model in memory", () => {
  it("is loaded once, and put away for another one or another context", async ({ expect }) => {
    const { chat, engine, url } = await serve();
    for (const fields of [{}, {}, { options: { num_ctx: 512 } }, { model: "b:1b" }])
      await (await chat(fields)).text();
    expect(engine.log).toEqual([
      "load a.gguf 8192",
      "unload a.gguf",
      "load a.gguf 512",
      "unload a.gguf",
      "load b.gguf 8192",
    ]);
    const { models } = await (await fetch(`${url}/api/ps`)).json();
    expect(models).toMatchObject([{ name: "b:1b", context_length: 4096 }]);
  });

  it("comes and goes by a call without messages", async ({ expect }) => {
    const { chat, engine, url } = await serve();
    const [loaded] = await lines(await chat({ messages: [] }));
    expect(loaded).toMatchObject({ done: true, done_reason: "load" });
    const [unloaded] = await lines(await chat({ messages: [], keep_alive: 0 }));
    expect(unloaded).toMatchObject({ done: true, done_reason: "unload" });
    expect(engine.log).toEqual(["load a.gguf 8192", "unload a.gguf"]);
    expect(await (await fetch(`${url}/api/ps`)).json()).toEqual({ models: [] });
  });

  it("is put away when its time has passed, and kept by a call that comes before", async ({
    expect,
  }) => {
    const { chat, engine } = await serve();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
    onTestFinished(() => void vi.useRealTimers());
    await (await chat({ keep_alive: 20 })).text();
    await vi.advanceTimersByTimeAsync(19_000);
    await (await chat({ keep_alive: -1 })).text();
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(engine.log).toEqual(["load a.gguf 8192"]);
    await (await chat({ keep_alive: 0.01 })).text();
    await vi.waitUntil(() => engine.log.length === 2, 20_000);
    expect(engine.log).toEqual(["load a.gguf 8192", "unload a.gguf"]);
  });
});
