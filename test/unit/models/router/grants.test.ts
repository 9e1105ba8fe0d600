import { afterEach, beforeEach, describe, it } from "vitest";
import { type FakeOllama, startFakeOllama } from "../../../support/fake-ollama.ts";
import { REQUEST, runChat } from "../chat-client.ts";
import { createRouter, serverAt } from "./router-client.ts";

let first: FakeOllama;
let second: FakeOllama;

beforeEach(async () => {
  first = await startFakeOllama({ tokens: 5 });
  second = await startFakeOllama({ tokens: 5 });
});
afterEach(async () => {
  await Promise.all([first.close(), second.close()]);
});

const router = () =>
  createRouter([serverAt(first.url), serverAt(second.url, "lan", "ollama", "home")]).router;

async function ask(model: string, granted: readonly string[]) {
  return runChat(router(), { ...REQUEST, model, granted });
}

const chatsOf = (server: FakeOllama) => server.stats().requestsByPath["/api/chat"] ?? 0;

const NOT_GRANTED = {
  code: "model/not_granted",
  message: "The owner of this box has not granted you this model.",
};

describe("a person with grants of models", () => {
  it("is answered by what was granted: by name, by server, or by the alias that was", async ({
    expect,
  }) => {
    const { done } = await ask("chat:3b", ["chat:3b"]);
    expect(done?.usage.model).toBe("chat:3b");
    expect((await ask("auto", ["auto"])).done).toBeDefined();
    expect((await ask("chat:3b@lan", ["chat:3b@lan"])).done).toBeDefined();
  });

  it("is refused what was not, before any server hears of it", async ({ expect }) => {
    for (const model of ["chat:8b", "auto", "fast"])
      expect(await ask(model, ["chat:3b"])).toMatchObject(NOT_GRANTED);
    expect(chatsOf(first) + chatsOf(second)).toBe(0);
  });

  it("falls back to nothing that was not granted", async ({ expect }) => {
    first.control({ fault: "500" });
    expect((await ask("chat:3b", ["chat:3b@main"])).code).toBe("model/broken_stream");
    expect(chatsOf(second)).toBe(0);
  });
});
