import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, it, vi } from "vitest";
import { ANSWER_MS, LOADING_MS, LOOKUP_MS, STATE_MS } from "../../../../src/models/deadlines.ts";
import { type FakeOllama, startFakeOllama } from "../../../support/fake-ollama.ts";
import { createClient, PATIENCE, REQUEST, runChat, until } from "../chat-client.ts";

let fake: FakeOllama;

beforeEach(async () => {
  fake = await startFakeOllama({ tokens: 20 });
});
afterEach(async () => {
  vi.useRealTimers();
  await fake.close();
});

/** From here the client's timers are the test's; sockets go on as ever. */
function takeTimers(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
}

/** What `outcome` comes to when the time is over; fails where it was over a millisecond earlier. */
async function passLimit<Outcome>(outcome: Promise<Outcome>, limitMs: number): Promise<Outcome> {
  let over = false;
  const watched = outcome.finally(() => {
    over = true;
  });
  await vi.advanceTimersByTimeAsync(limitMs - 1);
  await sleep(20); // long enough for an early end to be seen
  if (over) throw new Error(`it was over before ${limitMs} ms`);
  await vi.advanceTimersByTimeAsync(1);
  return watched;
}

describe("the limits of waiting", () => {
  it("five minutes for the first token of a model that loads", async ({ expect }) => {
    fake.control({ fault: "slowheaders" });
    takeTimers();
    const outcome = runChat(createClient(fake.url));
    await until(() => fake.stats().active === 1);
    expect(await passLimit(outcome, 300_000)).toMatchObject({
      kinds: ["loading"],
      code: "model/timeout",
      message: "The model's first token did not come within 300 s.",
    });
    await until(() => fake.stats().active === 0);
  });

  it("a minute for the first token of a loaded one, and a little for the prompt", async ({
    expect,
  }) => {
    const model = createClient(fake.url);
    await runChat(model);
    fake.control({ fault: "slowheaders" });
    takeTimers();
    const outcome = runChat(model, { messages: [{ role: "user", content: "a".repeat(100) }] });
    await until(() => fake.stats().active === 1);
    expect(await passLimit(outcome, 61_000)).toMatchObject({
      code: "model/timeout",
      message: "The model's first token did not come within 61 s.",
    });
  });

  it("twenty seconds between tokens", async ({ expect }) => {
    fake.control({ fault: "stall" });
    takeTimers();
    let shown = 0;
    const chat = createClient(fake.url).chat(REQUEST, new AbortController().signal);
    const outcome = (async () => {
      for await (const chunk of chat) if (chunk.kind === "text") shown += 1;
    })().catch((error: unknown) => error);
    await until(() => shown === 3);
    expect(await passLimit(outcome, PATIENCE.nextTokenMs)).toMatchObject({
      code: "model/timeout",
      message: "No further token came within 20 s.",
    });
    await until(() => fake.stats().active === 0);
  });

  it("ten minutes for a whole answer, however steadily it goes on", async ({ expect }) => {
    const body = new TransformStream<Uint8Array, Uint8Array>();
    const writer = body.writable.getWriter();
    const line = new TextEncoder().encode('{"message":{"content":"more "}}\n');
    const endless: typeof fetch = async (input, init) => {
      if (!String(input).endsWith("/api/chat")) return fetch(input, init);
      init?.signal?.addEventListener("abort", () => writer.abort(init.signal?.reason));
      return new Response(body.readable);
    };
    takeTimers();
    const outcome = runChat(createClient(fake.url, { fetch: endless }));
    const stepMs = PATIENCE.nextTokenMs - 1;
    let passedMs = 0;
    for (; passedMs + stepMs < ANSWER_MS; passedMs += stepMs) {
      await writer.write(line);
      await vi.advanceTimersByTimeAsync(stepMs);
    }
    await writer.write(line);
    expect(await passLimit(outcome, ANSWER_MS - passedMs)).toMatchObject({
      code: "model/timeout",
      message: "The model call was not over within 600 s.",
    });
  });

  it("does not count the reader's own time as the server's", async ({ expect }) => {
    fake.control({ tokens: 3, tokenMs: 30 }); // apart, so that each is a read of its own
    takeTimers();
    const kinds: string[] = [];
    const chat = createClient(fake.url).chat(REQUEST, new AbortController().signal);
    for await (const chunk of chat) {
      kinds.push(chunk.kind);
      // Longer than the limit of the step that just ended: the first token's, then the next one's.
      await vi.advanceTimersByTimeAsync(
        kinds.length === 2 ? LOADING_MS + 1 : PATIENCE.nextTokenMs + 1,
      );
    }
    expect(kinds).toEqual(["loading", "text", "text", "text", "done"]);
  });
});

describe("a server that takes connections and says nothing", () => {
  let silent: Server;
  let url = "";
  let asked = 0;

  beforeEach(async () => {
    asked = 0;
    silent = createServer(() => {
      asked += 1;
    });
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo; // a TCP server that listens
    url = `http://127.0.0.1:${port}`;
  });
  afterEach(() => {
    silent.closeAllConnections();
    silent.close();
  });

  it("is down after two seconds", async ({ expect }) => {
    takeTimers();
    const state = createClient(url).state();
    await until(() => asked === 3);
    expect(await passLimit(state, STATE_MS)).toEqual({ status: "down", code: "model/timeout" });
  });

  it("keeps a chat's look-ups waiting for ten seconds", async ({ expect }) => {
    takeTimers();
    const outcome = runChat(createClient(url));
    await until(() => asked === 1);
    expect(await passLimit(outcome, LOOKUP_MS)).toMatchObject({
      code: "model/unavailable",
      message: "The model server did not say which models it has within 10 s.",
    });
  });

  it("keeps the question for a model's context waiting for ten seconds", async ({ expect }) => {
    takeTimers();
    const outcome = createClient(url)
      .profile("tiny")
      .catch((error: unknown) => error);
    await until(() => asked === 1);
    expect(await passLimit(outcome, LOOKUP_MS)).toMatchObject({ code: "model/unavailable" });
  });
});
