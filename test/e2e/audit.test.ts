/** The audit log of the real program: through kill -9, exported, verified offline, and tampered with on disk. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, it } from "vitest";
import { type RockpoolProcess, runRockpool, startRockpool } from "../support/rockpool-process.ts";

let rockpool: RockpoolProcess;

beforeAll(async () => {
  rockpool = await startRockpool();
});
afterAll(async () => {
  await rockpool.discard();
});

async function list(action: string): Promise<{ seq: number; metadata: Record<string, unknown> }[]> {
  const { stdout } = await rockpool.run(["audit", "list", "--action", action, "--json"]);
  return JSON.parse(stdout);
}

function auditFile(): string {
  const folder = join(rockpool.dataDir, "objects", "audit");
  const file = readdirSync(folder).find((name) => /^[0-9a-f]{64}\.sqlite$/.test(name));
  if (file === undefined) throw new Error("The audit log is not on disk.");
  return join(folder, file);
}

describe("the audit log", () => {
  it("holds what was acknowledged after a kill -9, and verifies", async ({ expect }) => {
    for (const name of ["one", "two", "three"])
      await rockpool.run(["apikey", "create", "--name", name]);
    await rockpool.kill9Workerd();
    expect((await list("apikey.created")).map(({ metadata }) => metadata.name)).toEqual([
      "three",
      "two",
      "one",
    ]);
    const verified = await rockpool.run(["audit", "verify"]);
    expect(verified.stdout).toContain("The log is whole.");
    expect(verified.status).toBe(0);
    const access = await rockpool.run(["audit", "access"]);
    expect(access.stdout).toMatch(/POST\s+\/api-keys\s+201/);
  });

  it("is exported, and verified offline: whole, changed, and cut off", async ({ expect }) => {
    const file = join(rockpool.dataDir, "log.jsonl");
    const exported = await rockpool.run(["audit", "export", "--out", file, "--json"]);
    const { publicKey } = JSON.parse(exported.stdout);
    const words = ["audit", "verify", "--public-key", String(publicKey), "--file", file];
    expect((await runRockpool(words)).status).toBe(0);
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace('"one"', '"six"'));
    expect((await runRockpool(words)).status).toBe(1);
    writeFileSync(file, text.split("\n").slice(0, -3).join("\n"));
    expect((await runRockpool(words)).stdout).toContain("entries may be cut off");
  });

  it("tells of rows that were cut off on disk while the box was down", async ({ expect }) => {
    const kept = join(rockpool.dataDir, "kept.json");
    await rockpool.run(["audit", "checkpoint", "--out", kept]);
    const { dataDir } = rockpool;
    await rockpool.stop();
    const database = new DatabaseSync(auditFile());
    database.exec("DELETE FROM audit_log WHERE seq = (SELECT max(seq) FROM audit_log)");
    database.close();
    rockpool = await startRockpool({ dataDir });
    const verified = await rockpool.run(["audit", "verify", "--checkpoint", kept]);
    expect(verified.stdout).toContain("THE LOG IS NOT WHOLE.");
    expect(verified.status).toBe(1);
  });
});
