/** `rockpool up`, `status` and `down` with the real binary. */
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it, onTestFinished } from "vitest";
import { HAS_IPV6_LOOPBACK } from "../support/ipv6.ts";
import {
  type RockpoolProcess,
  runRockpool,
  startRockpool,
  temporaryFolder,
} from "../support/rockpool-process.ts";

function newFolder(): string {
  const dir = temporaryFolder();
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Every file below the folder. */
function files(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

describe("a server that was started", () => {
  let server: RockpoolProcess;
  beforeAll(async () => {
    server = await startRockpool();
  });
  afterAll(async () => await server.discard());

  it("serves at the address it has printed", async ({ expect }) => {
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    expect(server.ownerLink).toMatch(new RegExp(`^${server.pageUrl}/#owner=[\\w-]{20,}$`));
  });

  it.runIf(HAS_IPV6_LOOPBACK)(
    "answers the browser of this machine as localhost, by either kind of address, and nobody else may there",
    async ({ expect }) => {
      const { port } = new URL(server.url);
      expect(server.pageUrl).toBe(`http://localhost:${port}`);
      for (const host of ["127.0.0.1", "[::1]", "localhost"])
        expect((await fetch(`http://${host}:${port}/healthz`)).status, host).toBe(200);
      const other = createServer();
      const refused = new Promise((resolve) => other.once("error", resolve));
      other.listen(Number(port), "::1");
      expect(await refused).toMatchObject({ code: "EADDRINUSE" });
    },
  );

  it("says by status how it fares, and that no model server was found", async ({ expect }) => {
    const { status, stdout } = await server.run(["status", "--json"]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      running: true,
      url: server.url,
      pid: server.pid,
      model: { status: "down" },
      accounts: [],
      databases: { result: "ok" },
      backups: { result: "warn", detail: "none are made by themselves" },
    });
    const forPeople = await server.run(["status"]);
    expect(forPeople.stdout).toContain("none found at http://127.0.0.1:9");
    expect(forPeople.stdout).toContain("ollama pull");
    expect(forPeople.stdout).toMatch(/^ {2}Backups +none are made by themselves$/m);
  });

  it("keeps everything from other users of the machine", ({ expect }) => {
    expect(statSync(server.dataDir).mode & 0o777).toBe(0o700);
    const open = files(server.dataDir).filter((path) => (statSync(path).mode & 0o077) !== 0);
    expect(open).toEqual([]);
  });

  it("has no secret on its command line, in its environment or in its log", ({ expect }) => {
    const key = readFileSync(join(server.dataDir, "master.key"));
    const token = server.ownerLink.split("#owner=")[1] ?? "";
    const visible = [server.pid, server.workerdPid].flatMap((pid) => [
      readFileSync(`/proc/${pid}/cmdline`, "latin1"),
      readFileSync(`/proc/${pid}/environ`, "latin1"),
    ]);
    const log = readFileSync(join(server.dataDir, "logs", "rockpool.log"), "latin1");
    for (const text of [...visible, log]) {
      expect(text).not.toContain(token);
      expect(text).not.toContain(key.toString("latin1"));
      expect(text).not.toContain(key.toString("hex"));
    }
    expect(readFileSync(`/proc/${server.workerdPid}/environ`, "latin1")).toBe("");
  });

  it("writes JSON lines to its log", ({ expect }) => {
    const lines = readFileSync(join(server.dataDir, "logs", "rockpool.log"), "utf8").trim();
    const events = lines.split("\n").map((line) => JSON.parse(line));
    expect(events).toContainEqual(
      expect.objectContaining({ type: "host:serving", level: "info", url: server.url }),
    );
  });

  it("refuses a second one on its folder by name", async ({ expect }) => {
    const { status, stderr } = await server.run(["up"]);
    expect(status).toBe(75);
    expect(stderr).toContain(`is in use by process ${server.pid} (rockpool up, since 20`);
    expect(stderr).toContain("rockpool down");
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  });

  it("refuses to have its database migrated", async ({ expect }) => {
    const { status, stdout } = await server.run(["migrate", "--json"]);
    expect(status).toBe(75);
    expect(JSON.parse(stdout).error.code).toBe("data/in_use");
  });

  it("passes every check of the doctor but those for a model server and for backups", async ({
    expect,
  }) => {
    const { status, stdout } = await server.run(["doctor", "--json"]);
    const { findings } = JSON.parse(stdout);
    const wrong = findings.filter(({ result }: { result: string }) => result !== "ok");
    expect(wrong.map(({ what }: { what: string }) => what)).toEqual(["Backups", "Model server"]);
    expect(status).toBe(0);
  });

  it("can reach the model server, public addresses and its own file reader, and says so", async ({
    expect,
  }) => {
    const { stdout } = await server.run(["egress", "--json"]);
    const { waysOut, places, unused } = JSON.parse(stdout);
    const plain = { encrypted: false };
    expect(waysOut).toEqual([
      {
        kind: "network",
        to: expect.stringMatching(/^public addresses but ::\/96, /),
        from: ["app: INTERNET"],
        ...plain,
      },
      {
        kind: "external",
        to: expect.stringContaining("127.0.0.1:"),
        from: ["app: MODEL"],
        ...plain,
      },
      {
        kind: "external",
        to: `unix:${join(server.dataDir, "run", "files.sock")}`,
        from: ["app: FILE_READER"],
        ...plain,
      },
    ]);
    const written = places.filter(({ writable }: { writable: boolean }) => writable);
    expect(written).toEqual([
      { service: "storage", path: join(server.dataDir, "objects"), writable: true },
    ]);
    expect(unused).toEqual([]);
  });

  it("has another one beside it that wants the same port say so", async ({ expect }) => {
    const port = new URL(server.url).port;
    const env = { ROCKPOOL_DATA: newFolder(), PORT: port };
    const { status, stderr } = await runRockpool(["up"], env);
    expect(status).toBe(69);
    expect(stderr).toContain(`Port ${port} of 127.0.0.1 is taken by another program.`);
    expect(stderr).toContain(`PORT=${Number(port) + 1} npm start`);
  });
});

describe("rockpool down", () => {
  it("stops the server, and leaves nothing that says it runs", async ({ expect }) => {
    const server = await startRockpool();
    onTestFinished(async () => await server.discard());
    const { workerdPid } = server;
    expect(await server.run(["down"])).toMatchObject({ status: 0, stdout: "Stopped.\n" });
    expect((await server.ended).status).toBe(0);
    expect(() => process.kill(workerdPid, 0)).toThrow();
    expect((await server.run(["status"])).status).toBe(69);
    expect(readdirSync(join(server.dataDir, "run"))).not.toContain("admin.sock");
    expect(readdirSync(join(server.dataDir, "run"))).not.toContain("state.json");
  });

  it("is followed by a start that finds everything", async ({ expect }) => {
    const first = await startRockpool();
    await first.stop();
    const key = readFileSync(join(first.dataDir, "master.key"));
    const second = await startRockpool({ dataDir: first.dataDir });
    onTestFinished(async () => await second.discard());
    expect((await fetch(`${second.url}/readyz`)).status).toBe(200);
    expect(readFileSync(join(second.dataDir, "master.key"))).toEqual(key);
    expect(second.output()).not.toContain("applied");
  });
});

describe("a port that is taken by any program", () => {
  it("is found by the doctor before the start", async ({ expect }) => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void other.close());
    const address = other.address();
    const port = String(typeof address === "object" ? address?.port : "");
    const env = { ROCKPOOL_DATA: newFolder(), PORT: port };
    const { status, stdout } = await runRockpool(["doctor"], env);
    expect(status).toBe(1);
    expect(stdout).toContain(`fail  Port: ${port} of 127.0.0.1 is taken by another program`);
  });
});
