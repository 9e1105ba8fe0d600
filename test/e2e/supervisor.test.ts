/** What the supervisor does when workerd, or it itself, is killed, told to stop or told to read its grants again. */
import { spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import { loadRunState } from "../../local-runtime/supervisor/run-state.ts";
import { SAME_WISH_MS } from "../../local-runtime/supervisor/signals.ts";
import { DRAIN_MS } from "../../local-runtime/supervisor/supervisor.ts";
import { type FakeOllama, startFakeOllama } from "../support/fake-ollama.ts";
import {
  type RockpoolProcess,
  type StartOptions,
  startRockpool,
  temporaryFolder,
  until,
} from "../support/rockpool-process.ts";
import { signInToWeb } from "../support/web-person.ts";

async function start(options: StartOptions = {}): Promise<RockpoolProcess> {
  const server = await startRockpool(options);
  onTestFinished(async () => await server.discard());
  return server;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function answers(url: string): Promise<boolean> {
  return await fetch(`${url}/healthz`).then(
    (response) => response.ok,
    () => false,
  );
}

function logOf(server: RockpoolProcess): { type: string; reason?: string; delayMs?: number }[] {
  const text = readFileSync(join(server.dataDir, "logs", "rockpool.log"), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

function isStopping(server: RockpoolProcess): boolean {
  return logOf(server).some(({ type }) => type === "host:stopping");
}

/** A model server that holds every chat until it is told to go on. */
async function startHeldModel(): Promise<FakeOllama> {
  const model = await startFakeOllama({ hold: true, reply: "echo" });
  onTestFinished(async () => await model.close());
  return model;
}

/** Sends a message as the owner; settles with all that was answered when the stream ends or is cut. */
async function say(server: RockpoolProcess, text: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json" };
    const call = { socketPath: server.adminSocket, method: "POST", path: "/say", headers };
    const sent = request(call, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        body += chunk;
      });
      response.once("close", () => resolve(body));
    });
    sent.once("error", reject);
    sent.end(JSON.stringify({ text }));
  });
}

describe("a workerd that is killed", () => {
  it("is followed by another one at the same address within a second", async ({ expect }) => {
    const server = await start();
    const { workerdPid, url } = server;
    const begunMs = performance.now();
    await server.kill9Workerd();
    expect(await answers(url)).toBe(true);
    expect(performance.now() - begunMs).toBeLessThan(1_000);
    expect(server.workerdPid).not.toBe(workerdPid);
    const restarts = logOf(server).filter(({ type }) => type === "host:restarting");
    expect(restarts).toMatchObject([{ reason: "workerd was ended by SIGKILL", delayMs: 0 }]);
    expect(server.output()).toContain("workerd was ended by SIGKILL");
  });

  it("again and again is started after longer and longer waits", async ({ expect }) => {
    const server = await start();
    for (let kill = 0; kill < 4; kill += 1) await server.kill9Workerd();
    const delays = logOf(server)
      .filter(({ type }) => type === "host:restarting")
      .map(({ delayMs }) => delayMs);
    expect(delays).toEqual([0, 100, 200, 400]);
  });
});

describe("a supervisor that is killed", () => {
  it("is followed by one that ends the workerd it has left, and serves", async ({ expect }) => {
    const first = await start();
    const orphan = first.workerdPid;
    process.kill(first.pid, "SIGKILL");
    await until(() => !isAlive(first.pid), "the supervisor's end");
    expect(isAlive(orphan)).toBe(true);
    const second = await start({ dataDir: first.dataDir });
    expect(isAlive(orphan)).toBe(false);
    expect(await answers(second.url)).toBe(true);
  });
});

describe("a supervisor whose terminal is gone", () => {
  it("goes on, and still starts workerd again", async ({ expect }) => {
    const dataDir = temporaryFolder();
    const { PATH, HOME } = process.env;
    const env = {
      PATH,
      HOME,
      PORT: "0",
      ROCKPOOL_DATA: dataDir,
      ROCKPOOL_MODEL_URL: "http://127.0.0.1:9",
    };
    const child = spawn(join(import.meta.dirname, "..", "..", "bin", "rockpool"), ["up"], { env });
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    onTestFinished(() => {
      child.kill("SIGKILL");
      rmSync(dataDir, { recursive: true, force: true });
    });
    await until(() => loadRunState(dataDir) !== undefined, "the start");
    child.stdout.destroy();
    child.stderr.destroy();
    for (const generation of [2, 3]) {
      process.kill(loadRunState(dataDir)?.workerdPid ?? 0, "SIGKILL");
      await until(() => loadRunState(dataDir)?.generation === generation, "the next workerd");
    }
    expect(await answers(loadRunState(dataDir)?.url ?? "")).toBe(true);
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
  });
});

describe("SIGTERM", () => {
  it("lets an answer that is being given come to its end", async ({ expect }) => {
    const model = await startHeldModel();
    const server = await start({ modelUrl: model.url });
    const said = say(server, "hello");
    await until(() => model.stats().held > 0, "the chat to reach the model");
    const stopped = server.stop();
    await until(() => isStopping(server), "the drain to begin");
    model.control({ hold: false });
    expect((await stopped).status).toBe(0);
    expect(await said).toContain("echo: hello");
  });

  it(`waits ${DRAIN_MS / 1000} seconds for what does not end, and no longer`, async ({
    expect,
  }) => {
    const model = await startHeldModel();
    const server = await start({ modelUrl: model.url });
    const said = say(server, "hello");
    await until(() => model.stats().held > 0, "the chat to reach the model");
    const begunMs = performance.now();
    const { status } = await server.stop();
    const tookMs = performance.now() - begunMs;
    expect(status).toBe(0);
    expect(tookMs).toBeGreaterThan(DRAIN_MS - 500);
    expect(tookMs).toBeLessThan(DRAIN_MS + 2_000);
    await said;
  });

  it("is not held up by a page that is open", async ({ expect }) => {
    const server = await start();
    const page = await signInToWeb(server.ownerLink);
    const stream = await page.get("/api/chat/stream");
    expect(stream.status).toBe(200);
    const begunMs = performance.now();
    expect((await server.stop()).status).toBe(0);
    expect(performance.now() - begunMs).toBeLessThan(DRAIN_MS / 2);
    await stream.body?.cancel();
  });

  it("given again, later than npm repeats it, ends it at once", async ({ expect }) => {
    const model = await startHeldModel();
    const server = await start({ modelUrl: model.url });
    const said = say(server, "hello");
    await until(() => model.stats().held > 0, "the chat to reach the model");
    const { workerdPid } = server;
    const begunMs = performance.now();
    const stopped = server.stop();
    await until(() => {
      if (!isAlive(workerdPid)) return true;
      process.kill(server.pid, "SIGTERM");
      return false;
    }, "the end of workerd");
    expect((await stopped).status).toBe(0);
    const tookMs = performance.now() - begunMs;
    expect(tookMs).toBeGreaterThan(SAME_WISH_MS);
    expect(tookMs).toBeLessThan(DRAIN_MS / 2);
    await said;
  });
});

describe("SIGHUP", () => {
  it("brings a workerd with the new grants to the same address", async ({ expect }) => {
    const server = await start();
    const before = loadRunState(server.dataDir);
    const grants = { origins: ["http://127.0.0.1:9999"] };
    writeFileSync(join(server.dataDir, "egress.json"), JSON.stringify(grants));
    process.kill(server.pid, "SIGHUP");
    const generation = before?.generation ?? 0;
    await until(
      () => (loadRunState(server.dataDir)?.generation ?? 0) > generation,
      "the next generation",
    );
    const after = loadRunState(server.dataDir);
    expect(after).toMatchObject({ url: before?.url, pid: before?.pid });
    expect(after?.workerdPid).not.toBe(before?.workerdPid);
    expect(await answers(server.url)).toBe(true);
    const config = readFileSync(join(server.dataDir, "run", "workerd.capnp"), "utf8");
    expect(config).toContain('(name = "egress-0", external = (address = "127.0.0.1:9999"');
    expect(logOf(server).map(({ type }) => type)).not.toContain("host:restarting");
  });

  it("with grants that cannot be read changes nothing and says why", async ({ expect }) => {
    const server = await start();
    const { workerdPid } = server;
    writeFileSync(join(server.dataDir, "egress.json"), '{"origins":["file:///etc"]}');
    process.kill(server.pid, "SIGHUP");
    await until(() => server.output().includes("host:reload_refused"), "the refusal");
    expect(server.output()).toContain("egress.json is wrong: origins.0");
    expect(server.workerdPid).toBe(workerdPid);
    expect(await answers(server.url)).toBe(true);
  });
});
