import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, it } from "vitest";
import type { Model } from "../../../src/core/ports.ts";
import { MAX_ANSWER_BYTES, MAX_LINE_BYTES } from "../../../src/models/lines.ts";
import { type FakeOllama, startFakeOllama } from "../../support/fake-ollama.ts";
import type { FakeSettings } from "../../support/fake-ollama-settings.ts";
import { createClient, createOpenAiClient, GIB, REQUEST, runChat, until } from "./chat-client.ts";

let fake: FakeOllama;
let model: Model;

beforeEach(async () => {
  fake = await startFakeOllama({ tokens: 20 });
  model = createClient(fake.url);
});
afterEach(() => fake.close());

const lost = "The connection to the model server was refused or lost before it answered.";
const busy = "server busy, please try again. maximum pending requests exceeded";

/** Of each fault: the code, the message, and how many tokens were shown before. */
const FAILURES: [FakeSettings["fault"], string, string, number][] = [
  [
    "400",
    "model/rejected",
    "The model server refused the request (status 400): invalid options: num_ctx",
    0,
  ],
  ["404", "model/missing", 'The model "tiny" is not installed.', 0],
  ["429", "model/busy", "The model server is busy (status 429): too many requests", 0],
  ["503", "model/busy", `The model server is busy (status 503): ${busy}`, 0],
  [
    "500",
    "model/broken_stream",
    "The model server failed while answering: template: :3: unexpected EOF",
    0,
  ],
  [
    "memory",
    "model/out_of_memory",
    "The model server ran out of memory: model requires more system memory (5.6 GiB) than is available (3.1 GiB)",
    0,
  ],
  ["reset0", "model/unavailable", lost, 0],
  ["reset", "model/broken_stream", "The connection was lost within the answer.", 3],
  ["truncate", "model/broken_stream", "The answer ended before it was whole.", 3],
  ["emptydone", "model/broken_stream", "The answer ended before it was whole.", 20],
  [
    "miderror",
    "model/broken_stream",
    "The model server failed while answering: an error was encountered while running the model",
    3,
  ],
  ["remote", "model/remote_refused", 'The model "tiny" would run on somebody else\'s machine.', 0],
];

/** Both kinds of servers fail in the same way. */
const KINDS = [
  ["ollama", createClient, "tiny"],
  ["openai", createOpenAiClient, "tiny:latest"],
] as const;

for (const [kind, create, name] of KINDS)
  describe(`a chat with a server of the kind ${kind} that fails`, () => {
    const request = { ...REQUEST, model: name };
    // Only Ollama says of a line that it comes from elsewhere.
    const failures = FAILURES.filter(([fault]) => kind === "ollama" || fault !== "remote");

    for (const [fault, code, message, shown] of failures)
      it(`${fault} → ${code} after ${shown} tokens, and the next chat is answered`, async ({
        expect,
      }) => {
        const client = create(fake.url);
        fake.control({ fault });
        const outcome = await runChat(client, request);
        expect(outcome).toMatchObject({
          code,
          message: message.replace('"tiny"', `"${name}"`),
          done: undefined,
        });
        expect(outcome.kinds.filter((chunk) => chunk === "text")).toHaveLength(shown);
        fake.control({ fault: "none" });
        expect((await runChat(client, request)).done?.reason).toBe("stop");
        await until(() => fake.stats().active === 0);
      });

    for (const fault of ["badjson", "split", "linger"] as const)
      it(`${fault} does not keep an answer from being whole`, async ({ expect }) => {
        const client = create(fake.url);
        const whole = await runChat(client, request);
        fake.control({ fault });
        const outcome = await runChat(client, request);
        expect(outcome).toMatchObject({ code: undefined, text: whole.text });
        expect(outcome.done?.usage.outputTokens).toBe(20);
        await until(() => fake.stats().active === 0);
      });
  });

describe("a chat with a server that fails", () => {
  it("says how long a busy server wants to be left alone", async ({ expect }) => {
    fake.control({ fault: "503" });
    expect((await runChat(model)).retryAfterMs).toBe(2_000);
  });

  it("takes a web server that is no model server for an absent one", async ({ expect }) => {
    const web = createServer((_request, response) => response.writeHead(404).end("not here"));
    await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
    const { port } = web.address() as AddressInfo; // a TCP server that listens
    const outcome = await runChat(createClient(`http://127.0.0.1:${port}`));
    web.close();
    expect(outcome).toMatchObject({
      code: "model/unavailable",
      message: "Something answers at the model server's address, but it is no such server.",
    });
  });
});

describe("the one retry", () => {
  it("sends a chat again whose connection was lost before an answer", async ({ expect }) => {
    fake.control({ fault: "reset0" });
    const healing: typeof fetch = async (input, init) => {
      try {
        return await fetch(input, init);
      } catch (error) {
        fake.control({ fault: "none" });
        throw error;
      }
    };
    const outcome = await runChat(createClient(fake.url, { fetch: healing }));
    expect(outcome.done?.reason).toBe("stop");
    expect(fake.stats()).toMatchObject({ chats: 2, completed: 1 });
  });

  it("is one", async ({ expect }) => {
    fake.control({ fault: "reset0" });
    await runChat(model);
    expect(fake.stats().chats).toBe(2);
  });

  it("is none after an answer: a status or a part of a stream", async ({ expect }) => {
    for (const fault of ["503", "500", "reset", "truncate"] as const) {
      fake.control({ fault });
      fake.resetStats();
      await runChat(model);
      expect(fake.stats().chats).toBe(1);
    }
  });
});

describe("cancelling", () => {
  it("frees the server at once when the signal fires, and ends without a failure", async ({
    expect,
  }) => {
    fake.control({ fault: "stall" });
    const controller = new AbortController();
    const outcome = runChat(model, REQUEST, controller.signal);
    await until(() => fake.stats().tokensOut === 3);
    controller.abort();
    expect(await outcome).toMatchObject({ code: undefined, done: undefined });
    await until(() => fake.stats().active === 0 && fake.stats().aborted === 1);
  });

  it("frees the server when the reader stops reading", async ({ expect }) => {
    fake.control({ tokens: 100_000, tokenMs: 1 });
    for await (const chunk of model.chat(REQUEST, new AbortController().signal))
      if (chunk.kind === "text") break;
    await until(() => fake.stats().active === 0 && fake.stats().aborted === 1);
    expect(fake.stats().tokensOut).toBeLessThan(1_000);
  });

  it("leaves the queue of a busy server", async ({ expect }) => {
    fake.control({ hold: true });
    const controller = new AbortController();
    const outcome = runChat(model, REQUEST, controller.signal);
    await until(() => fake.stats().held === 1);
    controller.abort();
    expect((await outcome).code).toBeUndefined();
    await until(() => fake.stats().held === 0);
  });

  it("asks nothing when the signal has fired before", async ({ expect }) => {
    const outcome = await runChat(model, REQUEST, AbortSignal.abort());
    expect(outcome.kinds).toEqual([]);
    expect(fake.stats().requestsByPath).toEqual({});
  });

  it("keeps no connection busy after whole answers", async ({ expect }) => {
    for (let chats = 0; chats < 20; chats += 1) await runChat(model);
    expect(fake.stats()).toMatchObject({ completed: 20, aborted: 0, active: 0 });
  });
});

describe("an answer of a gigabyte", () => {
  const CHUNK_BYTES = 64 * 1024;

  it.for([
    ["lines that say nothing", "\n", `The answer has more than ${MAX_ANSWER_BYTES} bytes.`],
    ["one line", "a", `A line of the answer has more than ${MAX_LINE_BYTES} bytes.`],
  ] as const)("is let go of at its limit: %s", async ([, filler, message], { expect }) => {
    const chunk = new Uint8Array(CHUNK_BYTES).fill(filler.charCodeAt(0));
    let sentBytes = 0;
    let hungUp: AbortSignal | null | undefined;
    const gigabyte = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(chunk);
        sentBytes += chunk.length;
        if (sentBytes >= GIB) controller.close();
      },
    });
    const flooding: typeof fetch = async (input, init) => {
      const { pathname } = new URL(new Request(input).url);
      if (pathname !== "/api/chat") return fetch(input, init);
      hungUp = init?.signal;
      return new Response(gigabyte);
    };
    const outcome = await runChat(createClient(fake.url, { fetch: flooding }));
    expect(outcome).toMatchObject({ code: "model/broken_stream", message, text: "" });
    expect(hungUp?.aborted).toBe(true);
    expect(sentBytes).toBeLessThan(MAX_ANSWER_BYTES + 4 * CHUNK_BYTES);
  });
});
