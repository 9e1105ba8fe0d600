/** Answers from memory: for keys that were made so, the same chat again, and nobody else's. */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { afterAll, beforeAll, describe, it, vi } from "vitest";
import { publicApp } from "../../src/app.ts";
import type { CreateApiKey } from "../../src/core/admin-protocol.ts";
import { openDirectory } from "../../src/do/directory/directory-client.ts";
import { env } from "../support/integration.ts";
import { ScriptedModel } from "../support/scripted-model.ts";

const model = new ScriptedModel();

beforeAll(() => {
  vi.stubGlobal("fetch", model.fetch);
});
afterAll(() => vi.unstubAllGlobals());

async function createKey(change: Partial<CreateApiKey> = {}): Promise<string> {
  const name = `k${crypto.randomUUID().slice(0, 8)}`;
  const request = { name, scopes: ["chat" as const], cacheAnswersMs: 3_600_000, ...change };
  return (await openDirectory(env).createApiKey(request)).key;
}

interface Asked {
  cache: string | null;
  text: string;
  tokens: unknown;
}

/** The model says `answer` where it is asked at all. */
async function ask(key: string, change: Record<string, unknown>, answer?: string): Promise<Asked> {
  const messages = [{ role: "user", content: "capital of France?" }];
  const context = createExecutionContext();
  const response = Promise.resolve(
    publicApp.fetch(
      new Request("https://box.example/v1/chat/completions", {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: JSON.stringify({ model: "test:1b", messages, temperature: 0, ...change }),
      }),
      env,
      context,
    ),
  );
  if (answer !== undefined) await model.answer(answer);
  const answered = await response;
  const cache = answered.headers.get("x-rockpool-cache");
  const body = await answered.text();
  await waitOnExecutionContext(context);
  if (change.stream) return { cache, text: body, tokens: undefined };
  const { choices, usage } = JSON.parse(body);
  return { cache, text: choices[0].message.content, tokens: usage.completion_tokens };
}

describe("a key whose answers are kept", () => {
  it("gets the same answer to the same chat, without a call of the model", async ({ expect }) => {
    const key = await createKey();
    expect(await ask(key, {}, "Paris.")).toMatchObject({ cache: "miss", text: "Paris." });
    const calls = model.chats.length;
    expect(await ask(key, {})).toEqual({ cache: "hit", text: "Paris.", tokens: 0 });
    const streamed = await ask(key, { stream: true });
    expect(streamed.cache).toBe("hit");
    expect(streamed.text).toContain('"content":"Paris."');
    expect(model.chats.length).toBe(calls);
  });

  it("is asked anew where anything of the chat differs", async ({ expect }) => {
    const key = await createKey();
    await ask(key, {}, "Paris.");
    const other = { messages: [{ role: "user", content: "capital of Spain?" }] };
    expect(await ask(key, other, "Madrid.")).toMatchObject({ cache: "miss", text: "Madrid." });
    expect(await ask(key, { seed: 7 }, "Paris!")).toMatchObject({ cache: "miss", text: "Paris!" });
    const warm = await ask(key, { temperature: 0.5 }, "Lutetia.");
    expect(warm).toMatchObject({ cache: null, text: "Lutetia." });
  });

  it("is asked anew once the time is over", async ({ expect }) => {
    const key = await createKey({ cacheAnswersMs: 1_000 });
    await ask(key, {}, "Paris.");
    await scheduler.wait(1_100);
    expect(await ask(key, {}, "Paris again.")).toMatchObject({
      cache: "miss",
      text: "Paris again.",
    });
  });

  it("finds nothing that another key or person was answered", async ({ expect }) => {
    await ask(await createKey(), {}, "Paris.");
    expect(await ask(await createKey(), {}, "Mine.")).toMatchObject({
      cache: "miss",
      text: "Mine.",
    });
  });
});

describe("a key whose answers are not kept", () => {
  it("is asked anew each time", async ({ expect }) => {
    const name = `k${crypto.randomUUID().slice(0, 8)}`;
    const { key } = await openDirectory(env).createApiKey({ name, scopes: ["chat"] });
    expect(await ask(key, {}, "one")).toMatchObject({ cache: null, text: "one" });
    expect(await ask(key, {}, "two")).toMatchObject({ cache: null, text: "two" });
  });
});
