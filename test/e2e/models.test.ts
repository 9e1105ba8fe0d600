/** A box with several model servers: who answers when one fails, what people are told, and what is held ready for them. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { afterAll, beforeAll, describe, it } from "vitest";
import { callAdmin } from "../../local-runtime/admin/admin-client.ts";
import { type FakeOllama, startFakeOllama } from "../support/fake-ollama.ts";
import {
  type RockpoolProcess,
  startRockpool,
  temporaryFolder,
  until,
} from "../support/rockpool-process.ts";
import { linesOf } from "../support/server-log.ts";

const KEY = "sk-of-the-second-server";

let main: FakeOllama;
let second: FakeOllama;
let rockpool: RockpoolProcess;

beforeAll(async () => {
  main = await startFakeOllama({ installed: ["chat:8b", "tiny:latest"] });
  second = await startFakeOllama({
    installed: ["think:8b"],
    flavour: "llama.cpp",
    key: KEY,
    reply: "echo",
  });
  const dataDir = temporaryFolder();
  mkdirSync(join(dataDir, "model-keys"), { mode: 0o700 });
  writeFileSync(join(dataDir, "model-keys", "cpp"), `${KEY}\n`, { mode: 0o600 });
  const env = {
    ROCKPOOL_MODEL_SERVERS: `cpp=openai+${second.url}/v1`,
    ROCKPOOL_MODEL_SMALL: "tiny",
  };
  rockpool = await startRockpool({ modelUrl: main.url, dataDir, env });
});
afterAll(async () => {
  await rockpool.discard();
  await Promise.all([main.close(), second.close()]);
});

async function say(text: string): Promise<string> {
  const { stdout, stderr, status } = await rockpool.run(["say", text]);
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
}

async function report(body: { isStart: boolean; freePercent?: number }): Promise<void> {
  const reply = v.object({ heard: v.literal(true) });
  await callAdmin(rockpool.adminSocket, { method: "POST", path: "/host", body, reply });
}

describe("several model servers", () => {
  it("are listed together, and one is chosen for a conversation by its name or by what it is for", async ({
    expect,
  }) => {
    expect(await say("/model")).toBe(
      "This conversation uses auto (now chat:8b).\n" +
        "Installed: `chat:8b`, `tiny:latest`, `think:8b`\n" +
        "Or by what it is for: `fast` (tiny:latest), `smart` (chat:8b)",
    );
    expect(await say("/model think:8b")).toContain("think:8b");
    expect(await say("to the second")).toBe("echo: to the second");
    await say("/model fast");
    const { chats } = second.stats();
    await say("to the small one");
    expect(main.stats().lastChat?.model).toBe("tiny:latest");
    expect(second.stats().chats).toBe(chats);
    await say("/model auto");
  });

  it("stand in for each other, and the person notices nothing", async ({ expect }) => {
    main.control({ fault: "500" });
    expect(await say("who is there?")).toBe("echo: who is there?");
    main.control({ fault: "none" });
    expect(linesOf(rockpool.dataDir, "model:failover", {})).toContainEqual(
      expect.objectContaining({ from: "auto@main", to: "auto@cpp", code: "model/broken_stream" }),
    );
    const log = rockpool.output();
    expect(log).not.toContain(KEY);
  });
});

describe("the way to a model server", () => {
  it("is one for each that is named, and its key stands in no config", async ({ expect }) => {
    const { stdout } = await rockpool.run(["egress", "--json"]);
    const { config, waysOut } = JSON.parse(stdout);
    const addresses = waysOut
      .filter(({ kind }: { kind: string }) => kind === "external")
      .map(({ to }: { to: string }) => to);
    const hosts = [main.url, second.url].map((url) => new URL(url).host);
    const fileReader = `unix:${join(rockpool.dataDir, "run", "files.sock")}`;
    expect(addresses.toSorted()).toEqual([...hosts, fileReader].toSorted());
    expect(readFileSync(config, "utf8")).not.toContain(KEY);
  });
});

describe("short memory", () => {
  it("gives new work to the small model, and says so", async ({ expect }) => {
    await report({ isStart: false, freePercent: 14 });
    await say("something small");
    expect(main.stats().lastChat?.model).toBe("tiny");
    expect(await say("/status")).toContain(
      "Memory is short on this box (14 % free): tiny:latest answers in place of its models until there is more.",
    );
    await report({ isStart: false });
    await say("something large");
    expect(main.stats().lastChat?.model).toBe("chat:8b");
    expect(await say("/status")).not.toContain("Memory is short");
  });
});

describe("a box that is used", () => {
  it("has its model loaded when it starts again", async ({ expect }) => {
    await until(
      async () => (await rockpool.run(["status", "--json"])).stdout.includes('"journalBacklog":0'),
      "the log rows",
    );
    main.unload();
    const { warmUps } = main.stats();
    await rockpool.kill9Workerd();
    await until(() => main.stats().warmUps > warmUps, "the warm-up");
    expect(main.stats().loaded).toEqual(["chat:8b"]);
    expect((await say("hello again")).length).toBeGreaterThan(0);
  });
});
