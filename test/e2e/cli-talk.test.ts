import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import { MAX_INPUT_BYTES } from "../../local-runtime/terminal-input.ts";
import { type FakeOllama, startFakeOllama } from "../support/fake-ollama.ts";
import {
  type RockpoolProcess,
  runRockpool,
  startRockpool,
  temporaryFolder,
  until,
} from "../support/rockpool-process.ts";

let ollama: FakeOllama;
let rockpool: RockpoolProcess;

beforeAll(async () => {
  ollama = await startFakeOllama();
  rockpool = await startRockpool({ modelUrl: ollama.url });
});
afterEach(() => ollama.control({ hold: false, tokenMs: 0, tokens: 8 }));
afterAll(async () => {
  await rockpool.discard();
  await ollama.close();
});

/** The command left running, in a process group of its own. */
function start(args: readonly string[]) {
  const program = join(import.meta.dirname, "../../bin/rockpool");
  const child = spawn(program, args, {
    env: { PATH: process.env.PATH ?? "", ROCKPOOL_DATA: rockpool.dataDir },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  let notes = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    notes += chunk;
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  return { child, ended, stdout: () => text, stderr: () => notes };
}

describe("rockpool say", () => {
  it("answers words, and standard input", async ({ expect }) => {
    const words = await rockpool.run(["say", "hello", "there"]);
    expect(words).toMatchObject({ status: 0, stderr: "" });
    expect(words.stdout.trim().split(" ").length).toBeGreaterThan(3);
    const piped = await rockpool.run(["say"], { input: "hello\n" });
    expect(piped.status).toBe(0);
    expect(piped.stdout.trim()).not.toBe("");
  });

  it("prints each event as a line of JSON, and the same text as people see", async ({ expect }) => {
    const { stdout } = await rockpool.run(["say", "--json", "hi"]);
    const events = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events.at(-1)).toMatchObject({ type: "end" });
    const text = events.filter(({ type }) => type === "delta").map((event) => event.text);
    const answer = events.find(
      ({ type, message }) => type === "message" && message.role === "assistant",
    );
    expect(text.join("")).toBe(answer.message.text);
  });

  it("shows the answer as it comes, and Ctrl-C stops the turn", async ({ expect }) => {
    ollama.control({ tokenMs: 50, tokens: 2_000 });
    const talk = start(["say", "a long story"]);
    await until(() => talk.stdout().length > 10, "the first words");
    expect(talk.child.exitCode).toBeNull();
    talk.child.kill("SIGINT");
    expect(await talk.ended).toBe(130);
    await until(() => ollama.stats().aborted > 0, "the model to be let go");
    ollama.control({ tokenMs: 0, tokens: 8 });
    expect((await rockpool.run(["say", "again"])).status).toBe(0);
  });

  it("says why nothing comes while an earlier message is answered", async ({ expect }) => {
    ollama.control({ hold: true });
    const first = start(["say", "think hard"]);
    await until(() => ollama.stats().held > 0, "the first to be asked");
    const second = start(["say", "and this"]);
    await until(() => second.stderr().includes("An earlier message"), "the reason");
    expect(second.stdout()).toBe("");
    ollama.control({ hold: false });
    expect([await first.ended, await second.ended]).toEqual([0, 0]);
    expect(second.stdout().trim()).not.toBe("");
  });

  it("refuses more than fits, with what to do", async ({ expect }) => {
    const input = "x".repeat(MAX_INPUT_BYTES + 1);
    expect(await rockpool.run(["say"], { input })).toMatchObject({
      status: 64,
      stderr: "rockpool: Standard input holds more than 1024 KB. Give less at once.\n",
    });
    const long = await rockpool.run(["say"], { input: "x".repeat(40_000) });
    expect(long.status).toBe(1);
    expect(long.stderr).toContain("text: <=32768 is expected");
  });

  it("has nothing to say without words", async ({ expect }) => {
    expect(await rockpool.run(["say"])).toMatchObject({
      status: 64,
      stderr: "rockpool: There is nothing to say. Give the text: npx rockpool say Hello.\n",
    });
  });
});

describe("rockpool logs", () => {
  it("shows the newest lines for people and as JSON, by level", async ({ expect }) => {
    const people = await rockpool.run(["logs", "-n", "2"]);
    expect(people.stdout).toMatch(/^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (info|warn|error) \S.*\n){2}$/);
    const json = await rockpool.run(["logs", "--json", "-n", "3"]);
    const lines = json.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(line).toHaveProperty("time");
    const errors = await rockpool.run(["logs", "--level", "error"]);
    expect(errors).toMatchObject({ status: 0, stdout: "" });
  });

  it("follows what is written, until Ctrl-C", async ({ expect }) => {
    const watching = start(["logs", "-f", "-n", "1"]);
    await until(() => watching.stdout() !== "", "the last line");
    await fetch(`${rockpool.url}/followed`);
    await until(() => /status=404/.test(watching.stdout()), "the new line");
    watching.child.kill("SIGINT");
    expect(await watching.ended).toBe(0);
  });
});

describe("rockpool owner-link", () => {
  it("makes an address that signs in once", async ({ expect }) => {
    const { stdout } = await rockpool.run(["owner-link", "--json"]);
    const link = new URL(JSON.parse(stdout).ownerLink);
    expect(link.origin).toBe(rockpool.pageUrl);
    const token = link.hash.replace("#owner=", "");
    const signIn = () =>
      fetch(`${rockpool.url}/api/sign-in`, {
        method: "POST",
        headers: { "content-type": "application/json", origin: rockpool.url },
        body: JSON.stringify({ token }),
      });
    expect((await signIn()).status).toBe(204);
    expect(await (await signIn()).json()).toMatchObject({ code: "owner/bad_token" });
  });
});

describe("a command without a server", () => {
  const commands = [
    ["say", "hello"],
    ["owner-link"],
    ["pair", "list"],
    ["pair", "approve", "ABCD2345"],
    ["channel", "list"],
    ["channel", "test", "telegram", "main"],
    ["channel", "remove", "telegram", "main"],
    ["channel", "add", "webhook"],
  ];

  it("says how to start one", { timeout: 120_000 }, async ({ expect }) => {
    const dataDir = temporaryFolder();
    mkdirSync(join(dataDir, "run"));
    for (const args of commands) {
      const result = await runRockpool(args, { ROCKPOOL_DATA: dataDir });
      expect(result, args.join(" ")).toMatchObject({
        status: 69,
        stdout: "",
        stderr:
          "rockpool: The server is not running. Start it with `npm start`, then run this again.\n",
      });
    }
    const json = await runRockpool(["pair", "list", "--json"], { ROCKPOOL_DATA: dataDir });
    expect(JSON.parse(json.stdout)).toEqual({
      error: {
        code: "server/not_running",
        message: "The server is not running.",
        fix: "Start it with `npm start`, then run this again.",
      },
    });
  });
});

describe("a command with wrong arguments", () => {
  const wrong = [
    ["channel", "frob"],
    ["channel", "add", "fax"],
    ["channel", "add", "telegram", "--access", "everybody"],
    ["channel", "add", "webhook", "--transport", "poll"],
    ["channel", "show", "telegram"],
    ["pair", "approve"],
    ["logs", "-n", "many"],
    ["logs", "--level", "loud"],
    ["backup", "--nope"],
    ["restore", "a.tar.gz", "extra"],
    ["owner-link", "extra"],
  ];

  it("ends with 64 and one clear line", { timeout: 120_000 }, async ({ expect }) => {
    for (const args of wrong) {
      const result = await runRockpool(args);
      expect(result, args.join(" ")).toMatchObject({ status: 64, stdout: "" });
      expect(result.stderr).toMatch(/^rockpool: \S.+\n$/);
    }
  });
});
