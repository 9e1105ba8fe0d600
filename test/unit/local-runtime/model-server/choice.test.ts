import { createServer } from "node:net";
import { describe, it, onTestFinished } from "vitest";
import { decideModel } from "../../../../local-runtime/model-server/choice.ts";
import type { Library } from "../../../../local-runtime/model-server/library.ts";
import { findPort } from "../../../../local-runtime/model-server/port.ts";
import { loadSettings } from "../../../../local-runtime/settings.ts";

const MODELS = [{ name: "small", file: "small.gguf" }];
const NONE: Library = { models: [] };
const BUILTIN: Library = { models: MODELS, chosen: { server: "builtin", name: "small" } };
const OLLAMA: Library = { models: MODELS, chosen: { server: "ollama", name: "qwen3:4b" } };
const GONE: Library = { models: [], chosen: { server: "builtin", name: "small" } };
const OWN_URL = { ROCKPOOL_MODEL_URL: "http://10.0.0.1:11434" };

function decide(env: Record<string, string>, library: Library) {
  const settings = loadSettings({ root: "/nonexistent", env });
  const { options, builtin } = decideModel({
    ...settings,
    library,
    builtinUrl: "http://127.0.0.1:1",
  });
  return [options.ROCKPOOL_MODEL_URL, options.ROCKPOOL_MODEL, builtin?.name];
}

describe("the model server and the model that answer", () => {
  it.for([
    ["nothing is chosen", {}, NONE, ["http://127.0.0.1:11434", "auto", undefined]],
    ["a built-in one is", {}, BUILTIN, ["http://127.0.0.1:1", "small", "small"]],
    ["one of Ollama is", {}, OLLAMA, ["http://127.0.0.1:11434", "qwen3:4b", undefined]],
    ["an address is set", OWN_URL, BUILTIN, ["http://10.0.0.1:11434", "auto", undefined]],
    ["it is set, Ollama chosen", OWN_URL, OLLAMA, ["http://10.0.0.1:11434", "qwen3:4b", undefined]],
    [
      "a main server is named",
      { ROCKPOOL_MODEL_SERVERS: "main=openai+http://10.0.0.2:8080" },
      BUILTIN,
      ["http://127.0.0.1:11434", "auto", undefined],
    ],
    ["a model is set", { ROCKPOOL_MODEL: "x" }, BUILTIN, ["http://127.0.0.1:1", "x", "small"]],
    [
      "auto is set",
      { ROCKPOOL_MODEL: "auto" },
      OLLAMA,
      ["http://127.0.0.1:11434", "qwen3:4b", undefined],
    ],
    ["the chosen one was removed", {}, GONE, ["http://127.0.0.1:11434", "auto", undefined]],
  ] as const)("where %s", ([, env, library, expected], { expect }) => {
    expect(decide(env, library)).toEqual(expected);
  });
});

describe("the port of the built-in server", () => {
  it("is the usual one, or a free one where that is taken", async ({ expect }) => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      taken.close();
    });
    const address = taken.address();
    const usual = typeof address === "object" ? (address?.port ?? 0) : 0;
    const found = await findPort(usual);
    expect(found).toBeGreaterThan(0);
    expect(found).not.toBe(usual);
    await new Promise((resolve) => taken.close(resolve));
    expect(await findPort(usual)).toBe(usual);
  });
});
