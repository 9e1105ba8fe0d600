import { describe, it } from "vitest";
import * as channel from "../../../../local-runtime/commands/channel.ts";
import * as pair from "../../../../local-runtime/commands/pair.ts";
import type { AccountSummary } from "../../../../src/core/admin-protocol.ts";
import { problem, startFakeAdmin } from "../../../support/fake-admin.ts";
import { runCommand } from "../../../support/run-command.ts";

const account: AccountSummary = {
  channel: "telegram",
  name: "main",
  access: "allowlist",
  transport: "webhook",
  apiBase: "http://127.0.0.1:8081",
  settings: { region: "eu" },
  secretsSet: ["token", "secret"],
  self: { id: "7", name: "rockpool_bot" },
  webhookPath: "/webhooks/telegram/main",
  addedAtMs: Date.UTC(2026, 10, 21),
};

describe("rockpool channel", () => {
  it("lists and shows accounts, of secrets only that they are set", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    admin.handle("GET /accounts", () => ({ status: 200, json: [account] }));
    const list = await runCommand(channel, ["list"], admin.dataDir);
    expect(list.json).toEqual([[account]]);
    expect(list.printed).toBe(
      [
        "ACCOUNT        ACCESS     TRANSPORT  AS            API",
        "telegram/main  allowlist  webhook    rockpool_bot  http://127.0.0.1:8081",
      ].join("\n"),
    );
    const show = await runCommand(channel, ["show", "telegram", "main"], admin.dataDir);
    expect(show.json).toEqual([account]);
    expect(show.printed.split("\n")).toEqual([
      "telegram/main",
      "  Access     allowlist",
      "  Transport  webhook",
      "  Webhook    /webhooks/telegram/main",
      "  As         rockpool_bot (7)",
      "  API        http://127.0.0.1:8081",
      "  Settings   region: eu",
      "  Secrets    token: set",
      "             secret: set",
      "  Added      2026-11-21T00:00:00.000Z",
    ]);
  });

  it("names an account that is not there", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    admin.handle("GET /accounts", () => ({ status: 200, json: [] }));
    for (const words of [
      ["show", "telegram", "main"],
      ["remove", "telegram", "main"],
    ])
      await expect(runCommand(channel, words, admin.dataDir)).rejects.toMatchObject({
        code: "account/unknown",
        message: "There is no account telegram/main.",
      });
    expect((await runCommand(channel, ["list"], admin.dataDir)).printed).toBe(
      "There is no account yet. `npx rockpool channel add --help` lists the channels.",
    );
  });

  it("reports what the platform says of an account", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    const route = "POST /accounts/telegram/main/test";
    admin.handle(route, () => ({ status: 200, json: { ok: true, done: ["it is rockpool_bot"] } }));
    const words = ["test", "telegram", "main"];
    expect((await runCommand(channel, words, admin.dataDir)).printed).toBe(
      "ok    it is rockpool_bot",
    );
    expect(process.exitCode).toBeUndefined();
    const json = { ok: false, done: [], problem: "The token is wrong. Make a new one." };
    admin.handle(route, () => ({ status: 200, json }));
    const failed = await runCommand(channel, words, admin.dataDir);
    expect(failed.printed).toBe("fail  The token is wrong. Make a new one.");
    expect(failed.json).toEqual([json]);
    expect(process.exitCode).toBe(1);
    process.exitCode = undefined;
  });

  it("refuses names that no account can have, before it asks the server", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    for (const words of [
      ["test", "telegram", "../x"],
      ["test", "Telegram", "main"],
      ["add", "telegram", "--name", "Main"],
    ])
      await expect(runCommand(channel, words, admin.dataDir)).rejects.toMatchObject({
        code: "usage/bad_argument",
        exitStatus: 64,
      });
    expect(admin.requests).toEqual([]);
  });
});

describe("rockpool pair", () => {
  const pending = {
    code: "ABCD2345",
    channel: "telegram",
    account: "main",
    senderName: "Eve\u001b[31m\u202e",
    expiresAtMs: Date.now() + 59.5 * 60_000,
  };

  it("lists who waits, without what steers a terminal", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    admin.handle("GET /pairings", () => ({ status: 200, json: [pending] }));
    const list = await runCommand(pair, ["list"], admin.dataDir);
    expect(list.json).toEqual([[pending]]);
    expect(list.printed).toBe(
      [
        "CODE      NAME     ACCOUNT        EXPIRES IN",
        "ABCD2345  Eve[31m  telegram/main  60 min",
      ].join("\n"),
    );
    admin.handle("GET /pairings", () => ({ status: 200, json: [] }));
    expect((await runCommand(pair, ["list"], admin.dataDir)).printed).toBe("Nobody waits.");
  });

  it("approves and denies by code, in any case of letters", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    for (const [word, decision, outcome] of [
      ["approve", "approved", "may write now"],
      ["deny", "denied", "was turned away"],
    ] as const) {
      const { channel: on, account: name, senderName } = pending;
      const json = { channel: on, account: name, senderName, decision };
      admin.handle(`POST /pairings/ABCD2345/${word}`, () => ({ status: 200, json }));
      const decided = await runCommand(pair, [word, "abcd2345"], admin.dataDir);
      expect(decided.printed).toBe(`Eve[31m (telegram/main) ${outcome}.`);
      expect(decided.json).toEqual([json]);
    }
  });

  it("refuses what is no code, and passes on that one is unknown", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    for (const code of ["short", "ABCD23456", "ABCD/234", "../../xx"])
      await expect(runCommand(pair, ["approve", code], admin.dataDir)).rejects.toMatchObject({
        code: "usage/bad_argument",
        message: "That is no pairing code.",
      });
    expect(admin.requests).toEqual([]);
    admin.handle("POST /pairings/ABCD2345/deny", () => problem("pairing/unknown_code"));
    await expect(runCommand(pair, ["deny", "ABCD2345"], admin.dataDir)).rejects.toMatchObject({
      code: "pairing/unknown_code",
      message: "No such pairing code, or it has expired.",
    });
  });

  it("names a word that is none of its commands", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    await expect(runCommand(pair, ["frob"], admin.dataDir)).rejects.toMatchObject({
      exitStatus: 64,
      message: "There is no command `tested frob`.",
    });
  });
});
