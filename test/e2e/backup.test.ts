import { spawn } from "node:child_process";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { isStopped } from "../../local-runtime/backup/backup-process.ts";
import { type FakeOllama, startFakeOllama } from "../support/fake-ollama.ts";
import {
  type RockpoolProcess,
  startRockpool,
  temporaryFolder,
  until,
} from "../support/rockpool-process.ts";
import { postWebhook } from "../support/signed-webhook.ts";

let ollama: FakeOllama;
let rockpool: RockpoolProcess;
const outside = temporaryFolder();

beforeAll(async () => {
  ollama = await startFakeOllama();
  rockpool = await startRockpool({ modelUrl: ollama.url });
});
afterAll(async () => {
  await rockpool.discard();
  await ollama.close();
  rmSync(outside, { recursive: true, force: true });
});

async function addWebhook(): Promise<{ webhookUrl: string; secret: string }> {
  const add = ["channel", "add", "webhook", "--name", "load", "--access", "open", "--json"];
  const added = JSON.parse((await rockpool.run(add)).stdout);
  return { webhookUrl: added.webhookUrl, secret: added.generated.secret };
}

async function messagesKept(server: RockpoolProcess): Promise<number> {
  const { stdout } = await server.run(["say", "/status"]);
  return Number(/Messages kept: (\d+)/.exec(stdout)?.[1]);
}

describe("rockpool backup and restore, of a server under load", () => {
  it("brings back every message that was answered before the backup", {
    timeout: 180_000,
  }, async ({ expect }) => {
    const { webhookUrl, secret } = await addWebhook();
    await rockpool.run(["say", "remember this"]);
    const kept = await messagesKept(rockpool);

    let isLoaded = true;
    const statuses = new Set<number>();
    const load = (async () => {
      for (let number = 0; isLoaded; number += 1) {
        const message = {
          id: `m${number}`,
          conversation: `c${number % 20}`,
          user: "u",
          text: "hi",
        };
        statuses.add((await postWebhook(webhookUrl, secret, message)).status);
      }
    })();
    const archive = join(outside, "backup.tar.gz");
    const backup = await rockpool.run(["backup", "--out", archive]);
    isLoaded = false;
    await load;
    expect(backup).toMatchObject({ status: 0, stderr: "" });
    expect(backup.stdout).toContain("The server stood still for");
    expect(backup.stdout).toContain("the key is NOT in it");
    expect([...statuses]).toEqual([202]);
    expect(isStopped(rockpool.workerdPid)).toBe(false);
    expect(statSync(archive).mode & 0o777).toBe(0o600);
    expect(readdirSync(outside)).toEqual(["backup.tar.gz"]);

    const running = await rockpool.run(["restore", archive, "--force"]);
    expect(running.status).toBe(75);
    expect(running.stderr).toContain(`is in use by process ${rockpool.pid} (rockpool up`);
    await rockpool.run(["say", "this comes after the backup"]);
    await rockpool.stop();
    const cautious = await rockpool.run(["restore", archive]);
    expect(cautious.stderr).toContain("Add --force to replace it");
    const restored = await rockpool.run(["restore", archive, "--force"]);
    expect(restored).toMatchObject({ status: 0, stderr: "" });

    const dataDir = rockpool.dataDir;
    rockpool = await startRockpool({ modelUrl: ollama.url, dataDir });
    // The answer to the first /status was kept too, and so is the present question.
    expect(await messagesKept(rockpool)).toBe(kept + 2);
    const accounts = JSON.parse((await rockpool.run(["channel", "list", "--json"])).stdout);
    expect(accounts).toMatchObject([{ channel: "webhook", name: "load" }]);
    const message = { id: "after", conversation: "c1", user: "u", text: "still there?" };
    const again = webhookUrl.replace(/^http:\/\/[^/]+/, rockpool.url);
    expect(
      await (await postWebhook(again, secret, message, { query: "?wait=1" })).json(),
    ).toMatchObject({
      status: "answered",
    });
  });

  it("moves to a new box with its master key, and with no other", {
    timeout: 120_000,
  }, async ({ expect }) => {
    const archive = join(outside, "move.tar.gz");
    await rockpool.run(["backup", "--out", archive]);
    const dataDir = temporaryFolder();
    const other = await startRockpool({ modelUrl: ollama.url, dataDir });
    await other.stop();
    const wrongKey = await other.run(["restore", archive, "--force"]);
    expect(wrongKey.status).toBe(1);
    expect(wrongKey.stderr).toContain("The backup was made with another master key");
    const key = readFileSync(join(rockpool.dataDir, "master.key"));
    writeFileSync(join(dataDir, "master.key"), key, { mode: 0o600 });
    expect((await other.run(["restore", archive, "--force"])).status).toBe(0);
    const moved = await startRockpool({ modelUrl: ollama.url, dataDir });
    expect(await messagesKept(moved)).toBe(await messagesKept(rockpool));
    await moved.discard();
  });

  it("leaves the server serving when the backup is killed", { timeout: 120_000 }, async ({
    expect,
  }) => {
    const program = join(import.meta.dirname, "../../bin/rockpool");
    for (let waitMs = 100; waitMs <= 220; waitMs += 20) {
      const out = join(outside, `killed-${waitMs}.tar.gz`);
      const child = spawn(program, ["backup", "--out", out], {
        env: { PATH: process.env.PATH ?? "", ROCKPOOL_DATA: rockpool.dataDir },
        stdio: "ignore",
      });
      const ended = new Promise((resolve) => child.once("close", resolve));
      setTimeout(() => child.kill("SIGKILL"), waitMs);
      await ended;
      await until(() => !isStopped(rockpool.workerdPid), "the server to go on");
      expect((await fetch(`${rockpool.url}/healthz`)).status).toBe(200);
    }
    const archive = join(outside, "whole.tar.gz");
    expect((await rockpool.run(["backup", "--out", archive])).status).toBe(0);
    expect(readdirSync(rockpool.dataDir)).not.toContain(".backup");
  });
});
