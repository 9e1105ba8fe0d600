import { afterEach, beforeEach, describe, it, vi } from "vitest";
import type { ErrorCode } from "../../../../src/core/errors.ts";
import { MAX_TRIES, MAX_TRIES_PER_SERVER } from "../../../../src/models/router/chain.ts";
import { type FakeOllama, startFakeOllama } from "../../../support/fake-ollama.ts";
import type { FakeSettings } from "../../../support/fake-ollama-settings.ts";
import { REQUEST, runChat, until } from "../chat-client.ts";
import { createRouter, type Kind, serverAt } from "./router-client.ts";

let first: FakeOllama;
let second: FakeOllama;

beforeEach(async () => {
  first = await startFakeOllama({ tokens: 20 });
  second = await startFakeOllama({ tokens: 20, reply: "echo" });
});
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all([first.close(), second.close()]);
});

const AUTO = { ...REQUEST, model: "auto" };
const ECHO = "echo: What brews in the teapot?";

type Fault = FakeSettings["fault"];

/** Faults before the first word: the code, and how the event names the failure. */
const BEFORE: [Fault, ErrorCode][] = [
  ["400", "model/rejected"],
  ["404", "model/missing"],
  ["429", "model/busy"],
  ["500", "model/broken_stream"],
  ["503", "model/busy"],
  ["memory", "model/out_of_memory"],
  ["reset0", "model/unavailable"],
];
/** Faults after three words were handed on. */
const WITHIN: [Fault, ErrorCode][] = [
  ["reset", "model/broken_stream"],
  ["truncate", "model/broken_stream"],
  ["miderror", "model/broken_stream"],
];
const KINDS: readonly Kind[] = ["ollama", "openai"];

async function settle(): Promise<void> {
  await until(() => first.stats().active === 0 && second.stats().active === 0);
}

for (const kind of KINDS)
  describe(`a fault of a server of the kind ${kind}`, () => {
    const both = () =>
      createRouter([
        serverAt(first.url, "main", kind),
        serverAt(second.url, "lan", "ollama", "home"),
      ]);
    const alone = () => createRouter([serverAt(first.url, "main", kind)]);

    for (const [fault, code] of BEFORE) {
      it(`${fault} is not noticed where another server can answer`, async ({ expect }) => {
        first.control({ fault });
        const { router, events } = both();
        const outcome = await runChat(router, AUTO);
        expect(outcome).toMatchObject({ code: undefined, text: ECHO });
        expect(outcome.kinds.filter((chunk) => chunk === "done")).toHaveLength(1);
        expect(events).toEqual([
          expect.objectContaining({
            type: "model:failover",
            from: "auto@main",
            to: "auto@lan",
            code,
          }),
        ]);
        await settle();
      });

      it(`${fault} is one failure where none can`, async ({ expect }) => {
        first.control({ fault });
        const { router, events } = alone();
        const outcome = await runChat(router, AUTO);
        expect(outcome).toMatchObject({ code, text: "", done: undefined });
        expect(events).toEqual([]);
        await settle();
      });
    }

    for (const [fault, code] of WITHIN)
      it(`${fault} after the first words is a failure, never a second answer`, async ({
        expect,
      }) => {
        first.control({ fault });
        const { router, events } = both();
        const outcome = await runChat(router, AUTO);
        expect(outcome).toMatchObject({ code, done: undefined });
        expect(outcome.kinds.filter((chunk) => chunk === "text")).toHaveLength(3);
        expect(second.stats().chats).toBe(0);
        expect(events).toEqual([]);
        await settle();
      });

    for (const fault of ["badjson", "split"] as const)
      it(`${fault} does not keep the answer from being whole`, async ({ expect }) => {
        first.control({ fault });
        const outcome = await runChat(both().router, AUTO);
        expect(outcome).toMatchObject({ code: undefined, done: { reason: "stop" } });
        expect(second.stats().chats).toBe(0);
      });

    it("an answer without its end is a failure after its words", async ({ expect }) => {
      first.control({ fault: "emptydone" });
      const outcome = await runChat(both().router, AUTO);
      expect(outcome).toMatchObject({ code: "model/broken_stream", done: undefined });
      expect(second.stats().chats).toBe(0);
    });

    for (const fault of ["stall", "slowheaders"] as const)
      it(`${fault} before the first word ends in the other server's answer`, async ({ expect }) => {
        const { router } = both();
        await runChat(router, AUTO); // warm: what loads may take longer
        first.control({ fault, at: 0 });
        vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
        const outcome = runChat(router, AUTO);
        await until(() => first.stats().chats === 2);
        await vi.advanceTimersByTimeAsync(61_000);
        vi.useRealTimers();
        expect(await outcome).toMatchObject({ code: undefined, text: ECHO });
        await settle();
        expect(first.stats().aborted).toBe(1);
      });

    it("a stall after the first words is a failure", async ({ expect }) => {
      const { router } = both();
      await runChat(router, AUTO);
      first.control({ fault: "stall" });
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
      const before = first.stats().tokensOut;
      const outcome = runChat(router, AUTO);
      await until(() => first.stats().tokensOut === before + 3);
      await vi.advanceTimersByTimeAsync(21_000);
      vi.useRealTimers();
      expect(await outcome).toMatchObject({ code: "model/timeout", done: undefined });
      expect(second.stats().chats).toBe(0);
    });
  });

describe("the chain", () => {
  it("goes on to what the option names, in its order, and to nothing else", async ({ expect }) => {
    first.control({ fault: "500" });
    const fallbacks = ["nosuch", "chat:3b@lan", "tiny@lan"];
    const servers = [serverAt(first.url), serverAt(second.url, "lan", "ollama", "public")] as const;
    const { router, events } = createRouter(servers, { fallbacks });
    expect((await runChat(router, AUTO)).done?.usage.model).toBe("chat:3b");
    expect(events.map((event) => "to" in event && event.to)).toEqual([
      "nosuch@main",
      "chat:3b@lan",
    ]);
  });

  it("sends nothing to a public server that nobody named", async ({ expect }) => {
    first.control({ fault: "500" });
    const { router } = createRouter([
      serverAt(first.url),
      serverAt(second.url, "hub", "openai", "public"),
    ]);
    expect(await runChat(router, AUTO)).toMatchObject({ code: "model/broken_stream" });
    expect(second.stats().requestsByPath).toEqual({});
    expect((await runChat(router, { model: "tiny:latest@hub" })).done?.reason).toBe("stop");
  });

  it("asks no server more than twice", async ({ expect }) => {
    first.control({ fault: "500" });
    const { router } = createRouter([serverAt(first.url)], {
      fallbacks: ["chat:3b", "chat:8b", "see:4b"],
    });
    expect((await runChat(router, { model: "tiny" })).code).toBe("model/broken_stream");
    expect(first.stats().chats).toBe(MAX_TRIES_PER_SERVER);
  });

  it("tries so many models of an answer and not one more", async ({ expect }) => {
    first.control({ fault: "500" });
    const names = Array.from({ length: MAX_TRIES + 1 }, (_, index) => `s${index}`);
    const others = names.map((name) => serverAt(first.url, name));
    const { router } = createRouter([serverAt(first.url), ...others]);
    expect((await runChat(router, AUTO)).code).toBe("model/broken_stream");
    expect(first.stats().chats).toBe(MAX_TRIES);
  });

  it("leaves a server out whose own failure another model of it would meet", async ({ expect }) => {
    first.control({ fault: "503" });
    const { router } = createRouter([serverAt(first.url)], { fallbacks: ["chat:3b"] });
    expect((await runChat(router, { model: "tiny" })).code).toBe("model/busy");
    expect(first.stats().chats).toBe(1);
  });

  it("explains the failure of the chosen model, whatever the others say", async ({ expect }) => {
    first.control({ fault: "503" });
    second.control({ fault: "404" });
    const { router } = createRouter([serverAt(first.url), serverAt(second.url, "lan")]);
    expect(await runChat(router, AUTO)).toMatchObject({ code: "model/busy", retryAfterMs: 2_000 });
    expect(second.stats().chats).toBe(1);
  });

  it("passes over a fall-back that cannot see or use tools", async ({ expect }) => {
    first.control({ fault: "500" });
    const { router } = createRouter([serverAt(first.url), serverAt(second.url, "lan")], {
      fallbacks: ["chat:3b@lan", "see:4b@lan"],
    });
    const messages = [
      { role: "user" as const, content: "What is this?", images: ["iVBORw0KGgo="] },
    ];
    expect((await runChat(router, { model: "tiny", messages })).done?.usage.model).toBe("see:4b");
    const tools = [{ name: "t", description: "", parameters: {} }];
    expect((await runChat(router, { model: "tiny", tools })).done?.usage.model).toBe("chat:3b");
  });

  it("asks the small model where the chosen one ran out of memory", async ({ expect }) => {
    first.control({ fault: "memory" });
    const { router } = createRouter([serverAt(first.url), serverAt(second.url, "lan")], {
      small: "tiny@lan",
      fallbacks: ["chat:8b@lan"],
    });
    expect((await runChat(router, { model: "chat:8b" })).done?.usage.model).toBe("tiny");
  });

  it("ends without a word when the person stops it meanwhile", async ({ expect }) => {
    first.control({ hold: true });
    const { router } = createRouter([serverAt(first.url), serverAt(second.url, "lan")]);
    const controller = new AbortController();
    const outcome = runChat(router, AUTO, controller.signal);
    await until(() => first.stats().held === 1);
    controller.abort();
    expect(await outcome).toMatchObject({ code: undefined, done: undefined, text: "" });
    expect(second.stats().chats).toBe(0);
  });
});

describe("a server that fails again and again", () => {
  it("is left alone, probed by one chat, and taken back", async ({ expect }) => {
    const { router, events, later } = createRouter([
      serverAt(first.url),
      serverAt(second.url, "lan"),
    ]);
    first.control({ fault: "500" });
    for (let chats = 0; chats < 4; chats += 1)
      expect((await runChat(router, AUTO)).text).toBe(ECHO);
    expect(first.stats().chats).toBe(3);
    expect(events).toContainEqual({
      type: "model:server",
      server: "main",
      state: "cooling",
      code: "model/broken_stream",
      ms: 10_000,
    });

    later(10_000);
    first.control({ fault: "none", hold: true });
    const probe = runChat(router, AUTO);
    await until(() => first.stats().held === 1);
    expect((await runChat(router, AUTO)).text).toBe(ECHO);
    expect(first.stats().chats).toBe(4);
    first.control({ hold: false });
    expect((await probe).text).not.toBe(ECHO);
    expect(events).toContainEqual({ type: "model:server", server: "main", state: "back" });
    expect((await runChat(router, AUTO)).text).not.toBe(ECHO);
  });

  it("is left alone for twice as long where the probe fails", async ({ expect }) => {
    const { router, events, later } = createRouter([
      serverAt(first.url),
      serverAt(second.url, "lan"),
    ]);
    await first.close();
    for (let chats = 0; chats < 3; chats += 1) await runChat(router, AUTO);
    later(10_000);
    expect((await runChat(router, AUTO)).text).toBe(ECHO);
    const pauses = events.flatMap((event) => ("ms" in event ? [event.ms] : []));
    expect(pauses).toEqual([10_000, 20_000]);
  });

  it("is asked all the same where there is no other", async ({ expect }) => {
    const { router } = createRouter([serverAt(first.url)]);
    first.control({ fault: "500" });
    for (let chats = 0; chats < 5; chats += 1) await runChat(router, AUTO);
    expect(first.stats().chats).toBe(5);
    first.control({ fault: "none" });
    expect((await runChat(router, AUTO)).done?.reason).toBe("stop");
  });

  it("does not hold up what a model is", async ({ expect }) => {
    const { router } = createRouter([serverAt(first.url), serverAt(second.url, "lan")]);
    await first.close();
    expect(await router.profile("auto")).toMatchObject({ name: "chat:8b" });
  });
});
