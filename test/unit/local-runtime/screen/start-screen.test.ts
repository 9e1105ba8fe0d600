import { describe, it } from "vitest";
import {
  renderStartScreen,
  type StartFacts,
} from "../../../../local-runtime/screen/start-screen.ts";
import type { AccountSummary } from "../../../../src/core/admin-protocol.ts";

function facts(status: Partial<StartFacts["status"]> = {}): StartFacts {
  return {
    url: "http://127.0.0.1:8787",
    pageUrl: "http://localhost:8787",
    pid: 1,
    dataDir: "/srv/rockpool",
    ownerLink: { token: "TOKEN", expiresAtMs: Date.parse("2026-11-22T10:00:00Z") },
    status: {
      version: "1.2.3",
      publicUrl: "",
      modelUrl: "http://127.0.0.1:11434",
      model: {
        status: "up",
        version: "0.12.1",
        models: [{ name: "qwen3:4b" }],
        chosen: "qwen3:4b",
      },
      accounts: [],
      people: 0,
      pendingPairings: 0,
      journalBacklog: 0,
      ownerKnown: false,
      ...status,
    },
  };
}

const TELEGRAM: AccountSummary = {
  channel: "telegram",
  name: "main",
  access: "pairing",
  transport: "webhook",
  settings: {},
  secretsSet: [],
  webhookPath: "/webhooks/telegram/main",
  addedAtMs: 0,
};

describe("the start screen", () => {
  it("fits on one screen and says where to go, which model answers and how to stop", ({
    expect,
  }) => {
    const text = renderStartScreen(facts());
    expect(text).toContain("Rockpool 1.2.3 is running.");
    expect(text).toContain("http://localhost:8787/#owner=TOKEN");
    expect(text).toContain("qwen3:4b (http://127.0.0.1:11434, version 0.12.1)");
    expect(text).toContain("Ctrl-C");
    expect(text.split("\n").length).toBeLessThanOrEqual(24);
  });

  it("says what to type where there is no model server", ({ expect }) => {
    const text = renderStartScreen(facts({ model: { status: "down", code: "model/unavailable" } }));
    expect(text).toContain("none found at http://127.0.0.1:11434");
    expect(text).toContain("ollama pull qwen3:4b");
    expect(text).toContain("ROCKPOOL_MODEL_URL=");
  });

  it("names all model servers where there are several, and which one is away", ({ expect }) => {
    const servers = [
      { name: "main", status: "down" as const },
      { name: "lan", status: "up" as const },
    ];
    const text = renderStartScreen(
      facts({ model: { status: "up", version: "1", models: [], chosen: "chat:8b", servers } }),
    );
    expect(text).toContain("chat:8b");
    expect(text).toContain("servers: main (does not answer), lan");
    const down = facts({ model: { status: "down", code: "model/unavailable", servers } });
    expect(renderStartScreen(down)).toContain("npx rockpool doctor");
  });

  it("says how the built-in server fares where that is to answer", ({ expect }) => {
    const modelUrl = "http://127.0.0.1:11435";
    const builtin = { url: modelUrl, model: "qwen3:1.7b" };
    const render = (model: StartFacts["status"]["model"]) =>
      renderStartScreen({ ...facts({ modelUrl, model }), builtin });
    expect(render({ status: "down", code: "model/unavailable" })).toContain(
      "qwen3:1.7b: the built-in server (http://127.0.0.1:11435) is being started.",
    );
    expect(render({ status: "up", version: "0.12.0", models: [] })).toContain(
      "cannot read the file of qwen3:1.7b",
    );
    expect(render({ status: "up", version: "0.12.0", models: [], chosen: "qwen3:1.7b" })).toContain(
      "qwen3:1.7b (built in, http://127.0.0.1:11435)",
    );
  });

  it("says what to type where the server has no model", ({ expect }) => {
    const text = renderStartScreen(
      facts({ model: { status: "up", version: "0.12.1", models: [] } }),
    );
    expect(text).toContain("has no model that fits. Type: ollama pull qwen3:4b");
  });

  it("names the webhook of each account under the public address", ({ expect }) => {
    const status = { publicUrl: "https://box.example", accounts: [TELEGRAM] };
    const text = renderStartScreen(facts(status));
    expect(text).toContain("telegram/main  https://box.example/webhooks/telegram/main");
    expect(text).toContain("https://box.example/#owner=TOKEN");
  });

  it("names no webhook of an account that polls", ({ expect }) => {
    const text = renderStartScreen(facts({ accounts: [{ ...TELEGRAM, transport: "poll" }] }));
    expect(text).toContain("telegram/main  by poll");
    expect(text).not.toContain("/webhooks/");
  });
});
