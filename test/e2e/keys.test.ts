/** The keys of a real box: renewed and moved while it runs, cut off anywhere, taken away, and kept elsewhere. */
import { randomBytes } from "node:crypto";
import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { callAdmin } from "../../local-runtime/admin/admin-client.ts";
import { KeyStatusSchema } from "../../local-runtime/admin/admin-client-replies.ts";
import { dataFolderAt } from "../../local-runtime/data-folder.ts";
import { masterKeyId } from "../../local-runtime/keys/master-key.ts";
import { wrapKey, writeNextKey } from "../../local-runtime/keys/next-key.ts";
import {
  type RockpoolProcess,
  runRockpool,
  startRockpool,
  temporaryFolder,
} from "../support/rockpool-process.ts";
import { filesWith } from "../support/stored-rows.ts";
import { signInToWeb } from "../support/web-person.ts";

const PASSPHRASE = "seven pale otters read";
const dataDir = temporaryFolder();
const folder = dataFolderAt(dataDir);
const said: string[] = [];
let box: RockpoolProcess;

beforeAll(async () => {
  box = await startRockpool({ dataDir });
});
afterAll(() => box.discard());

/** Says something new, and answers what the history then holds of all that was said. */
async function talk(text: string): Promise<string[]> {
  const person = await signInToWeb(
    (JSON.parse((await box.run(["owner-link", "--json"])).stdout) as { ownerLink: string })
      .ownerLink,
  );
  said.push(`/pin ${text}`);
  await person.write(`/pin ${text}`);
  const messages = await person.historyWhen(
    (known) => known.filter(({ role }) => role === "assistant").length === said.length,
    `an answer to ${text}`,
  );
  return messages.filter(({ role }) => role === "user").map((message) => message.text);
}

async function key(...args: string[]): Promise<Record<string, unknown>> {
  const { stdout, stderr, status } = await box.run(["key", ...args, "--json"]);
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
}

async function restart(options: Parameters<typeof startRockpool>[0] = {}): Promise<void> {
  await box.stop();
  box = await startRockpool({ dataDir, ...options });
}

/** The code of what keeps it from starting. */
async function refusal(env: Record<string, string>, input = ""): Promise<string> {
  const all = { PORT: "0", ROCKPOOL_DATA: dataDir, ...env };
  const { stdout, stderr } = await runRockpool(["up", "--json"], all, { input });
  return stdout + stderr;
}

describe("the keys of a box", { timeout: 60_000 }, () => {
  it("are renewed while it runs, and everything said before opens", async ({ expect }) => {
    expect(await talk("marmoset one")).toEqual(said);
    expect(await key("status")).toMatchObject({ source: "file", dataKeys: 1, oldMessages: 0 });
    expect(await key("rotate")).toMatchObject({ dataKeys: 2 });
    expect(await talk("marmoset two")).toEqual(said);
  });

  it("move to a new master key while it runs, over a kill, and keep the old one beside", async ({
    expect,
  }) => {
    const old = readFileSync(folder.masterKey);
    const moving = key("rotate", "--master");
    expect(await talk("marmoset three")).toEqual(said);
    const { masterId } = await moving;
    const present = readFileSync(folder.masterKey);
    expect(masterKeyId(present)).toBe(masterId);
    expect(present).not.toEqual(old);
    expect(readFileSync(`${folder.masterKey}.before-${masterId}`)).toEqual(old);
    expect(existsSync(folder.masterKeyNext)).toBe(false);
    await box.kill9Workerd();
    expect(await talk("marmoset four")).toEqual(said);
    await restart();
    expect(await talk("marmoset five")).toEqual(said);
  });

  it("open everything when a move is cut off after the vault has moved, and after it was only begun", async ({
    expect,
  }) => {
    for (const isMoved of [true, false]) {
      const present = readFileSync(folder.masterKey);
      const next = randomBytes(32);
      const move = { id: masterKeyId(next), wrapped: wrapKey(next, present) };
      writeNextKey(folder, { ...move, to: "file", destroyOld: true });
      if (isMoved)
        await callAdmin(box.adminSocket, {
          method: "POST",
          path: "/keys/master",
          body: move,
          reply: KeyStatusSchema,
        });
      await box.kill9Workerd();
      expect(await talk(`cut off, moved: ${isMoved}`)).toEqual(said);
      await restart();
      expect(await talk(`and again, moved: ${isMoved}`)).toEqual(said);
      expect(readFileSync(folder.masterKey)).toEqual(isMoved ? next : present);
      expect(existsSync(folder.masterKeyNext)).toBe(false);
      if (isMoved) expect(existsSync(`${folder.masterKey}.before-${move.id}`)).toBe(false);
    }
  });

  it("taken away, leave nothing that opens or reads: a stolen disk", async ({ expect }) => {
    await box.stop();
    const stolen = temporaryFolder();
    try {
      cpSync(dataDir, stolen, { recursive: true });
      for (const name of ["master.key", "run"]) rmSync(join(stolen, name), { recursive: true });
      expect(filesWith(stolen, "marmoset")).toEqual([]);
      expect(await refusal({ ROCKPOOL_DATA: stolen })).toContain("key/missing");
      writeFileSync(join(stolen, "master.key"), randomBytes(32));
      expect(await refusal({ ROCKPOOL_DATA: stolen })).toContain("key/wrong");
    } finally {
      rmSync(stolen, { recursive: true });
    }
    const vault = join(folder.objects, "vault");
    renameSync(vault, `${dataDir}-vault`);
    expect(await refusal({})).toContain("key/vault_missing");
    renameSync(`${dataDir}-vault`, vault);
    box = await startRockpool({ dataDir });
    expect(await talk("marmoset six")).toEqual(said);
  });

  it("are made of a passphrase, with nothing of it on the disk", async ({ expect }) => {
    const moved = await box.run(
      ["key", "rotate", "--master", "--to", "passphrase", "--destroy-old", "--json"],
      { input: `${PASSPHRASE}\n` },
    );
    expect(moved, moved.stderr).toMatchObject({ status: 0 });
    expect(existsSync(folder.masterKey)).toBe(false);
    await box.kill9Workerd();
    expect(await talk("marmoset seven")).toEqual(said);
    await box.stop();
    expect(await refusal({})).toContain("key/no_passphrase");
    const env = { ROCKPOOL_PASSPHRASE_FD: "0" };
    expect(await refusal(env, "seven pale otters write")).toContain("key/wrong");
    box = await startRockpool({ dataDir, env, input: PASSPHRASE });
    expect(await talk("marmoset eight")).toEqual(said);
    expect(existsSync(folder.masterKeyNext)).toBe(false);
    expect(filesWith(dataDir, PASSPHRASE)).toEqual([]);
  });

  it("come from the environment, and reach workerd in memory only", async ({ expect }) => {
    const args = ["key", "rotate", "--master", "--to", "environment", "--json"];
    const moved = await box.run(args, { input: PASSPHRASE });
    expect(moved, moved.stderr).toMatchObject({ status: 0 });
    const { key: hex } = JSON.parse(moved.stdout) as { key: string };
    await restart({ env: { ROCKPOOL_MASTER_KEY: hex } });
    expect(await talk("marmoset nine")).toEqual(said);
    expect(await key("status")).toMatchObject({
      source: "environment",
      masterId: masterKeyId(Buffer.from(hex, "hex")),
    });
    for (const form of [hex, Buffer.from(hex, "hex")]) expect(filesWith(dataDir, form)).toEqual([]);
    for (const name of ["cmdline", "environ"])
      expect(readFileSync(`/proc/${box.workerdPid}/${name}`, "latin1")).not.toContain(hex);
  });
});
