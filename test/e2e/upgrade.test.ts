/** Data that earlier versions left behind: opened, brought up to date, readable, and taken back from the copy before. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { MAX_UPGRADE_COPIES } from "../../local-runtime/backup/upgrade-copy.ts";
import { readAllRows } from "../support/database-rows.ts";
import { type FakeOllama, startFakeOllama } from "../support/fake-ollama.ts";
import { runRockpool, startRockpool, temporaryFolder } from "../support/rockpool-process.ts";

const FIXTURES = join(import.meta.dirname, "../fixtures/old-data");
const root = temporaryFolder();
let ollama: FakeOllama;

beforeAll(async () => {
  ollama = await startFakeOllama();
});
afterAll(async () => {
  await ollama.close();
  rmSync(root, { recursive: true, force: true });
});

/** An archive of that version, restored on an empty machine. Answers the data folder. */
async function restoreOld(name: string): Promise<string> {
  const dataDir = join(root, name);
  mkdirSync(dataDir, { mode: 0o700 });
  const key = readFileSync(join(FIXTURES, name, "master.key.hex"), "utf8").trim();
  writeFileSync(join(dataDir, "master.key"), Buffer.from(key, "hex"), { mode: 0o600 });
  const archive = join(FIXTURES, name, "backup.tar.gz");
  const { status, stderr } = await runRockpool(["restore", archive], { ROCKPOOL_DATA: dataDir });
  if (status !== 0) throw new Error(stderr);
  return dataDir;
}

function copiesIn(dataDir: string): string[] {
  return readdirSync(join(dataDir, "backups"))
    .filter((name) => name.startsWith("before-upgrade-"))
    .sort();
}

describe("data of an earlier version", () => {
  it.for(readdirSync(FIXTURES))(
    "opens, goes on, and can be taken back: %s",
    {
      timeout: 120_000,
    },
    async (name, { expect }) => {
      const dataDir = await restoreOld(name);
      const old = readAllRows(join(dataDir, "objects"));
      const server = await startRockpool({ modelUrl: ollama.url, dataDir });
      expect(server.output()).toContain("a copy of the data from before this version is in ");
      const said = await server.run(["say", "/status"]);
      // Two messages with their answers, and the first /status with its answer; the present question is the seventh.
      expect(said.stdout).toContain("Messages kept: 7");
      await server.run(["say", "and a new one"]);
      const sent = JSON.stringify(ollama.stats().lastChat);
      for (const text of ["an old message", "一条旧消息", "and a new one"])
        expect(sent).toContain(text);
      const accounts = JSON.parse((await server.run(["channel", "list", "--json"])).stdout);
      expect(accounts).toMatchObject([{ channel: "webhook", name: "old" }]);
      await server.stop();
      expect(copiesIn(dataDir)).toHaveLength(1);
      const now = readAllRows(join(dataDir, "objects"));
      for (const table of Object.keys(old)) expect(Object.keys(now)).toContain(table);

      const [copy = ""] = copiesIn(dataDir);
      const back = ["restore", "--force", join(dataDir, "backups", copy)];
      const restored = await runRockpool(back, { ROCKPOOL_DATA: dataDir });
      expect(restored).toMatchObject({ status: 0 });
      expect(readAllRows(join(dataDir, "objects"))).toEqual(old);
    },
  );
});

describe("the copy before an upgrade", () => {
  it("is made once for each program, and only the newest few are kept", {
    timeout: 120_000,
  }, async ({ expect }) => {
    const [name = ""] = readdirSync(FIXTURES);
    const dataDir = join(root, name);
    const start = async () => {
      const server = await startRockpool({ modelUrl: ollama.url, dataDir });
      await server.stop();
      return server.output();
    };
    for (let number = 0; number <= MAX_UPGRADE_COPIES; number += 1) {
      writeFileSync(
        join(dataDir, "used-by.json"),
        JSON.stringify({ version: "0.1.0", build: `${number}` }),
      );
      expect(await start()).toContain("a copy of the data from before this version is in ");
      expect(await start()).not.toContain("a copy of the data");
    }
    expect(copiesIn(dataDir)).toHaveLength(MAX_UPGRADE_COPIES);
  });

  it("is the way back for an older program, which refuses newer data", async ({ expect }) => {
    const [name = ""] = readdirSync(FIXTURES);
    const dataDir = join(root, name);
    writeFileSync(
      join(dataDir, "used-by.json"),
      JSON.stringify({ version: "9.0.0", build: "later" }),
    );
    const { status, stderr } = await runRockpool(["up"], { ROCKPOOL_DATA: dataDir });
    expect(status).toBe(78);
    expect(stderr).toMatch(
      /The data in \S+ was last used by Rockpool 9\.0\.0; this is \d+\.\d+\.\d+\. Install that version again, or go back with an archive from before the upgrade: npx rockpool restore --force/,
    );
    const [copy = ""] = copiesIn(dataDir);
    const back = ["restore", "--force", join(dataDir, "backups", copy)];
    expect(await runRockpool(back, { ROCKPOOL_DATA: dataDir })).toMatchObject({ status: 0 });
  });
});
