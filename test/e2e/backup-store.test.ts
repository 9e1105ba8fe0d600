/** The backups of a real box: made while it runs, verified, and brought back on an empty machine with the recovery key. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { d1File } from "../../local-runtime/database/d1-file.ts";
import { readAllRows } from "../support/database-rows.ts";
import { type FakeOllama, startFakeOllama } from "../support/fake-ollama.ts";
import {
  type RockpoolProcess,
  runRockpool,
  startRockpool,
  temporaryFolder,
} from "../support/rockpool-process.ts";

let ollama: FakeOllama;
let rockpool: RockpoolProcess;
let recoveryKey: string;
const outside = temporaryFolder();
const store = join(outside, "store");
const env = { ROCKPOOL_BACKUP_TO: store };

beforeAll(async () => {
  mkdirSync(store);
  ollama = await startFakeOllama();
  rockpool = await startRockpool({ modelUrl: ollama.url, env });
});
afterAll(async () => {
  await rockpool.discard();
  await ollama.close();
  rmSync(outside, { recursive: true, force: true });
});

function parse(stdout: string) {
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}

describe("backups of a running server, in a store", () => {
  it("come back on an empty machine with the recovery key alone, row for row", {
    timeout: 180_000,
  }, async ({ expect }) => {
    const early = await rockpool.run(["backup"]);
    expect(early.status).toBe(78);
    expect(early.stderr).toContain("There is no recovery key yet");
    const made = parse((await rockpool.run(["backup", "key", "--json"])).stdout);
    expect(made.recoveryKey).toMatch(/^AGE-SECRET-KEY-1/);
    recoveryKey = made.recoveryKey;
    const again = await rockpool.run(["backup", "key"]);
    expect(again.stdout).toContain(`recovery key ${made.id}`);
    expect(again.stdout).not.toContain(made.recoveryKey);

    await rockpool.run(["say", "the first of the words"]);
    await rockpool.run(["say", "/pin remember the milk"]);
    const first = await rockpool.run(["backup"]);
    expect(first).toMatchObject({ status: 0 });
    expect(first.stdout).toContain("The server stood still for");
    await rockpool.run(["say", "and more of them"]);
    const before = await rockpool.run(["say", "/status"]);
    const second = parse((await rockpool.run(["backup", "--json"])).stdout);
    expect(second.header.addedBytes).toBeLessThan(second.header.dataBytes / 2);
    const list = await rockpool.run(["backup", "list"]);
    expect(list.stdout).toContain("2 backups in ");
    expect(list.stdout).toContain(second.header.id);
    const verify = ["backup", "verify", "--recovery-key", "-"];
    const verified = await rockpool.run(verify, { input: `${made.recoveryKey}\n` });
    expect(verified).toMatchObject({ status: 0 });
    expect(verified.stdout).toContain("All is whole: 2 backups");
    expect(verified.stdout).toContain("was put together and proved");
    expect(readdirSync(rockpool.dataDir).filter((name) => name.startsWith(".r"))).toEqual([]);

    // What is on its way from object to object while it runs is written by the time it has stopped.
    await rockpool.stop();
    expect((await rockpool.run(["backup"])).stdout).toContain("The server was not running.");
    const dataDir = join(outside, "new-machine");
    const elsewhere = { ...env, ROCKPOOL_DATA: dataDir };
    const restored = await runRockpool(["restore", "--recovery-key", "-"], elsewhere, {
      input: made.recoveryKey,
    });
    expect(restored).toMatchObject({ status: 0 });
    expect(restored.stdout).toContain("Restored the backup of");
    const rows = readAllRows(join(rockpool.dataDir, "objects"));
    expect(Object.keys(rows).length).toBeGreaterThan(20);
    expect(readAllRows(join(dataDir, "objects"))).toEqual(rows);
    expect(readFileSync(join(dataDir, "master.key"))).toEqual(
      readFileSync(join(rockpool.dataDir, "master.key")),
    );

    const moved = await startRockpool({ modelUrl: ollama.url, dataDir, env });
    const kept = (text: string) => Number(/Messages kept: (\d+)/.exec(text)?.[1]);
    const after = await moved.run(["say", "/status"]);
    expect(kept(after.stdout)).toBe(kept(before.stdout) + 2);
    expect((await moved.run(["say", "/pins"])).stdout).toContain("remember the milk");
    // A backup of the running server holds all that was answered by then.
    await moved.stop();
    const back = ["restore", second.header.id, "--force", "--recovery-key", "-"];
    expect((await moved.run(back, { input: made.recoveryKey })).status).toBe(0);
    const earlier = await startRockpool({ modelUrl: ollama.url, dataDir, env });
    expect(kept((await earlier.run(["say", "/status"])).stdout)).toBe(kept(before.stdout) + 2);
    // It goes on with the same recovery key and the same store.
    expect((await earlier.run(["backup"])).status).toBe(0);
    await earlier.stop();
  });

  it("are refused when something in the store was changed", { timeout: 120_000 }, async ({
    expect,
  }) => {
    const [pack = ""] = readdirSync(join(store, "packs"));
    const path = join(store, "packs", pack);
    const bytes = readFileSync(path);
    writeFileSync(path, Buffer.concat([bytes.subarray(0, -1), Buffer.from([1])]));
    const verified = await rockpool.run(["backup", "verify"]);
    expect(verified.status).toBe(1);
    expect(verified.stdout).toContain(`packs/${pack} in the backup store`);
    // From then on backups do without what is damaged.
    const next = parse((await rockpool.run(["backup", "--json"])).stdout).header;
    expect(next.packs.map(({ id }: { id: string }) => id)).not.toContain(pack);
    writeFileSync(path, bytes);
    expect((await rockpool.run(["backup", "verify"])).status).toBe(0);
  });

  it("are listed on any machine, the whole ones beside a damaged one", {
    timeout: 120_000,
  }, async ({ expect }) => {
    const [damaged = "", ...whole] = readdirSync(join(store, "snapshots")).sort().reverse();
    const path = join(store, "snapshots", damaged);
    const bytes = readFileSync(path);
    writeFileSync(path, Buffer.concat([Buffer.from("x"), bytes]));
    const elsewhere = { ...env, ROCKPOOL_DATA: join(outside, "nothing-yet") };
    const blind = await runRockpool(["backup", "list"], elsewhere);
    expect(blind.status).toBe(78);
    expect(blind.stderr).toContain("Name a file that holds the one they were made with");
    const words = ["backup", "list", "--recovery-key", "-", "--json"];
    const listed = await runRockpool(words, elsewhere, { input: recoveryKey });
    expect(listed.status).toBe(1);
    const { backups, unproved } = parse(listed.stdout);
    expect(backups.map(({ id }: { id: string }) => id)).toEqual(whole);
    expect(unproved).toEqual([
      { id: damaged, what: expect.stringContaining(`The backup ${damaged} is none that`) },
    ]);
    // A backup is made all the same, and says that nothing was removed.
    const made = await rockpool.run(["backup"]);
    expect(made.status).toBe(1);
    expect(made.stderr).toMatch(/Backed up as \S+, but old backups were not removed: The backup /);
    writeFileSync(path, bytes);
    expect((await rockpool.run(["backup", "list"])).status).toBe(0);
  });

  it("are not taken for whole where there are none", async ({ expect }) => {
    const empty = join(outside, "emptied");
    mkdirSync(empty);
    const verified = await rockpool.run(["backup", "verify", "--from", empty]);
    expect(verified.status).toBe(1);
    expect(verified.stdout).toContain(`No backups in ${empty}.`);
  });
});

describe("rockpool integrity", () => {
  it("finds all whole on a running server, and a damaged page on a stopped one", {
    timeout: 60_000,
  }, async ({ expect }) => {
    rockpool = await startRockpool({ modelUrl: ollama.url, dataDir: rockpool.dataDir, env });
    const whole = await rockpool.run(["integrity"]);
    expect(whole).toMatchObject({ status: 0 });
    expect(whole.stdout).toMatch(/^All is whole: \d+ databases, /);
    await rockpool.stop();
    const file = d1File(join(rockpool.dataDir, "objects"), "rockpool");
    const bytes = readFileSync(file);
    bytes.fill(0xff, 4096 * 2, 4096 * 2 + 64);
    writeFileSync(file, bytes);
    const { status, stdout } = await rockpool.run(["integrity", "--json"]);
    expect(status).toBe(1);
    expect(parse(stdout)).toMatchObject({
      ok: false,
      broken: [{ path: expect.stringMatching(/^objects\/d1\//), problem: expect.any(String) }],
    });
    const doctor = await rockpool.run(["doctor"]);
    expect(doctor.stdout).toMatch(/^fail {2}Databases: 1 of \d+ were damaged at /m);
    const refused = await rockpool.run(["backup"]);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain("is damaged");
  });
});
