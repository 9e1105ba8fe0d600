/** The router inside workerd, with the gates of its servers: a failing server is left for another, and no slot is lost. */
import { afterEach, describe, it, vi } from "vitest";
import { loadOptions } from "../../src/config/load.ts";
import type { ModelChunk } from "../../src/core/ports.ts";
import { openGate } from "../../src/do/gate/gate-client.ts";
import { openRouter } from "../../src/do/open-router.ts";
import { createRedactors } from "../../src/do/redactors.ts";
import type { Router } from "../../src/models/router/router.ts";
import { env } from "../support/integration.ts";
import { ScriptedModel } from "../support/scripted-model.ts";

const MAIN = "http://127.0.0.1:1";
const LAN = "http://192.168.1.5:2";

const refused: typeof fetch = () => Promise.reject(new TypeError("refused"));

/** Two servers in place of the network, told apart by their addresses; the first one is away. */
function openBoth(lan: typeof fetch): Router {
  vi.stubGlobal("fetch", ((input, init) => {
    const { origin } = new URL(new Request(input, init).url);
    return origin === LAN ? lan(input, init) : refused(input, init);
  }) satisfies typeof fetch);
  const loaded = loadOptions({
    ROCKPOOL_MODEL_URL: MAIN,
    ROCKPOOL_MODEL_SERVERS: `lan=ollama+${LAN}`,
  });
  if (!loaded.ok) throw new Error("the options are wrong");
  return openRouter(env, loaded.options, createRedactors(env, loaded.options).remote);
}

async function ask(router: Router): Promise<ModelChunk[]> {
  const chunks: ModelChunk[] = [];
  const request = {
    caller: { personId: crypto.randomUUID(), priority: "interactive" },
    model: "auto",
    messages: [{ role: "user", content: "hello" }],
    maxTokens: 100,
  } as const;
  const { signal } = new AbortController();
  for await (const chunk of router.chat({ ...request, messages: [...request.messages] }, signal))
    chunks.push(chunk);
  return chunks;
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("a box with two model servers", () => {
  it("is answered by the second while the first fails, and no slot of either is kept", async ({
    expect,
  }) => {
    const lan = new ScriptedModel();
    const router = openBoth(lan.fetch);
    const answered = ask(router);
    await lan.answer("from the other room");
    expect(await answered).toMatchObject([
      { kind: "text", text: "from the other room" },
      { kind: "done", reason: "stop" },
    ]);
    const free = { busy: 0, waiting: 0 };
    expect(await openGate(env, MAIN).state()).toMatchObject(free);
    expect(await openGate(env, LAN).state()).toMatchObject(free);
  });

  it("says that the first is away, and what answers meanwhile", async ({ expect }) => {
    const router = openBoth(new ScriptedModel().fetch);
    expect(await router.state()).toMatchObject({
      status: "up",
      chosen: "test:1b",
      servers: [
        { name: "main", status: "down", code: "model/unavailable" },
        { name: "lan", status: "up" },
      ],
    });
  });

  it("is one explanation where both fail", async ({ expect }) => {
    const router = openBoth(refused);
    await expect(ask(router)).rejects.toMatchObject({
      code: "model/unavailable",
      message: "The connection to the model server was refused or lost before it answered.",
    });
  });
});
