import { describe, it } from "vitest";
import * as apikey from "../../../../local-runtime/commands/apikey.ts";
import { loadRunState, writeRunState } from "../../../../local-runtime/supervisor/run-state.ts";
import type { ApiKeySummary } from "../../../../src/core/admin-protocol.ts";
import { IDLE_STATUS, problem, startFakeAdmin } from "../../../support/fake-admin.ts";
import { runCommand } from "../../../support/run-command.ts";

const KEY = "rkp_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcd2cOX1H";
const summary: ApiKeySummary = {
  name: "laptop",
  start: "rkp_01234567…",
  person: "Owner",
  scopes: ["chat", "models", "embeddings"],
  createdAtMs: Date.UTC(2026, 10, 21),
};

async function startAdmin() {
  const admin = await startFakeAdmin();
  admin.handle("GET /status", () => ({ status: 200, json: IDLE_STATUS }));
  admin.handle("POST /api-keys", () => ({ status: 201, json: { key: KEY, apiKey: summary } }));
  return admin;
}

describe("rockpool apikey", () => {
  it("prints a new key once, with the two settings of a client", async ({ expect }) => {
    await using admin = await startAdmin();
    const made = await runCommand(apikey, ["create", "--name", "laptop"], admin.dataDir);
    expect(made.printed.split("\n")).toEqual([
      KEY,
      "",
      "This is shown once: keep it where secrets belong. A client needs two settings:",
      "  base URL  http://127.0.0.1:8787/v1",
      "  API key   the line above",
    ]);
    expect(made.json).toEqual([{ key: KEY, baseUrl: "http://127.0.0.1:8787/v1", ...summary }]);
    expect(admin.requests.at(-1)).toEqual({
      route: "POST /api-keys",
      body: { name: "laptop", scopes: ["chat", "models", "embeddings"] },
    });
  });

  it("names the address of the API's own listener, where there is one", async ({ expect }) => {
    await using admin = await startAdmin();
    const state = loadRunState(admin.dataDir);
    if (!state) throw new Error("no server runs there");
    const apiUrl = "https://box.example:9443";
    writeRunState(admin.dataDir, { ...state, apiUrl });
    admin.handle("GET /status", () => ({
      status: 200,
      json: { ...IDLE_STATUS, publicUrl: "https://box.example" },
    }));
    const { json } = await runCommand(apikey, ["create", "--name", "laptop"], admin.dataDir);
    expect(json).toMatchObject([{ baseUrl: `${apiUrl}/v1` }]);
  });

  it("passes on scopes, expiry, model and person", async ({ expect }) => {
    await using admin = await startAdmin();
    const words = ["create", "--name", "bot", "--scopes", "chat", "models", "chat"];
    const more = ["--expires", "2099-01-01", "--model", "chat:3b", "--person", "Ada"];
    await runCommand(apikey, [...words, ...more], admin.dataDir);
    expect(admin.requests.at(-1)?.body).toEqual({
      name: "bot",
      scopes: ["chat", "models"],
      expiresAtMs: Date.UTC(2099, 0, 1),
      model: "chat:3b",
      person: "Ada",
    });
  });

  it("lists keys without the keys, and says when there is none", async ({ expect }) => {
    await using admin = await startAdmin();
    const old = { ...summary, name: "old", expiresAtMs: 1, lastUsedDay: "2026-11-20" };
    const json = [{ ...summary, model: "chat:3b", expiresAtMs: Date.UTC(2099, 0, 1) }, old];
    admin.handle("GET /api-keys", () => ({ status: 200, json }));
    const list = await runCommand(apikey, ["list"], admin.dataDir);
    expect(list.json).toEqual([json]);
    expect(list.printed.split("\n")).toEqual([
      "NAME    KEY            PERSON  SCOPES                  MODEL    EXPIRES           USED",
      "laptop  rkp_01234567…  Owner   chat,models,embeddings  chat:3b  2099-01-01T00:00  never",
      "old     rkp_01234567…  Owner   chat,models,embeddings  -        expired           2026-11-20",
    ]);
    admin.handle("GET /api-keys", () => ({ status: 200, json: [] }));
    expect((await runCommand(apikey, ["list"], admin.dataDir)).printed).toBe(
      "There is no key yet. Make one with `npx rockpool apikey create --name <name>`.",
    );
  });

  it("revokes by name, and passes on that one is unknown", async ({ expect }) => {
    await using admin = await startAdmin();
    admin.handle("DELETE /api-keys/laptop", () => ({ status: 200, json: { revoked: true } }));
    const revoked = await runCommand(apikey, ["revoke", "laptop"], admin.dataDir);
    expect(revoked.printed).toBe("Revoked laptop.");
    expect(revoked.json).toEqual([{ revoked: "laptop" }]);
    admin.handle("DELETE /api-keys/laptop", () => problem("apikey/unknown"));
    await expect(runCommand(apikey, ["revoke", "laptop"], admin.dataDir)).rejects.toMatchObject({
      code: "apikey/unknown",
      message: "No such API key.",
    });
  });

  it("refuses wrong words before it asks the server", async ({ expect }) => {
    await using admin = await startAdmin();
    for (const words of [
      ["create", "--name", "Laptop"],
      ["create", "--name", "a", "--expires", "soon"],
      ["revoke", "../x"],
    ])
      await expect(runCommand(apikey, words, admin.dataDir)).rejects.toMatchObject({
        code: "usage/bad_argument",
        exitStatus: 64,
      });
    await expect(
      runCommand(apikey, ["create", "--name", "a", "--scopes", "all"], admin.dataDir),
    ).rejects.toThrow("Allowed choices are chat, models, embeddings, admin.");
    expect(admin.requests.filter(({ route }) => route.includes("api-keys"))).toEqual([]);
  });
});
