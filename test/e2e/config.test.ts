/** Starts that cannot succeed: each says what is wrong and what to do, and damages nothing. */
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, type ExpectStatic, it, onTestFinished } from "vitest";
import { d1File } from "../../local-runtime/database/d1-file.ts";
import { copyProject } from "../support/project-copy.ts";
import {
  type CommandResult,
  runRockpool,
  startRockpool,
  temporaryFolder,
  until,
} from "../support/rockpool-process.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const NOBODY = 65_534;

function newFolder(): string {
  const dir = temporaryFolder();
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

async function up(dataDir: string, env: Record<string, string> = {}): Promise<CommandResult> {
  return await runRockpool(["up"], { ROCKPOOL_DATA: dataDir, ...env });
}

/** A data folder that was served once. */
async function usedFolder(): Promise<string> {
  const server = await startRockpool();
  await server.stop();
  onTestFinished(async () => await server.discard());
  return server.dataDir;
}

/** A small file system of its own; undefined where this user may not mount one. */
function mountSmallDisk(options: string): string | undefined {
  const dir = newFolder();
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", dir]);
  if (mounted.status !== 0) return undefined;
  onTestFinished(() => void spawnSync("umount", ["-l", dir]));
  return dir;
}

function expectAdvice(
  expect: ExpectStatic,
  result: CommandResult,
  { status, says }: { status: number; says: string[] },
): void {
  for (const text of says) expect(result.stderr).toContain(text);
  expect(result.status).toBe(status);
  expect(result.stdout).toBe("");
  expect(result.stderr).not.toMatch(/\n\s+at /);
}

describe("wrong options", () => {
  it("are all named at once, and none of their values is shown", async ({ expect }) => {
    const dataDir = join(newFolder(), "data");
    const result = await up(dataDir, {
      PORT: "eighty",
      HOST: "no host",
      ROCKPOOL_MODEL_URL: "ftp://me:hunter2@host",
      ROCKPOOL_LOG: "loud",
      ROCKPOOL_CONTEXT_TOKENS: "1",
    });
    const says = ["5 options are wrong", "PORT", "HOST", "ROCKPOOL_MODEL_URL", "ROCKPOOL_LOG"];
    expectAdvice(expect, result, { status: 78, says: [...says, "ROCKPOOL_CONTEXT_TOKENS"] });
    for (const value of ["eighty", "no host", "hunter2", "loud"])
      expect(result.stderr).not.toContain(value);
    expect(statSync(dataDir, { throwIfNoEntry: false })).toBeUndefined();
  });

  it("such as an address that is not this machine's say so", async ({ expect }) => {
    const result = await up(join(newFolder(), "data"), { HOST: "203.0.113.9" });
    const says = [
      "HOST is no address of this machine (203.0.113.9; EADDRNOTAVAIL).",
      "Set HOST to 127.0.0.1",
    ];
    expectAdvice(expect, result, { status: 78, says });
  });
});

describe("a data folder", () => {
  it("that is a file is refused", async ({ expect }) => {
    const path = join(newFolder(), "data");
    writeFileSync(path, "precious");
    expectAdvice(expect, await up(path), { status: 73, says: [`${path} is not a folder.`] });
    expect(readFileSync(path, "utf8")).toBe("precious");
  });

  it("that this user may not write is refused", async ({ expect }) => {
    const dir = newFolder();
    const root = process.getuid?.() === 0;
    const dataDir = join(dir, "data");
    mkdirSync(dataDir, { mode: 0o755 });
    chmodSync(dir, 0o755);
    if (!root) chmodSync(dataDir, 0o555);
    const command = [join(ROOT, "bin", "rockpool"), "up"];
    // root may write everywhere: the start is made as another user.
    const asNobody = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
    const [program = "", ...args] = root ? [...asNobody, ...command] : command;
    const env = { PATH: process.env.PATH, HOME: "/", ROCKPOOL_DATA: dataDir, PORT: "0" };
    const result = spawnSync(program, args, { env, encoding: "utf8" });
    expectAdvice(expect, result, {
      status: 73,
      says: [`The data folder ${dataDir} cannot be written by this user.`, "chown"],
    });
  });

  it("on a read-only file system is refused", async ({ expect, skip }) => {
    const disk = mountSmallDisk("size=20m");
    if (disk === undefined) return skip("this user may not mount a file system");
    const used = join(disk, "used");
    await (await startRockpool({ dataDir: used })).stop();
    spawnSync("mount", ["-o", "remount,ro", disk]);
    for (const dataDir of [used, join(disk, "new", "data")]) {
      const says = [`The data folder ${dataDir} is on a read-only file system.`, "remount,rw"];
      expectAdvice(expect, await up(dataDir), { status: 73, says });
    }
  });

  it("on a full disk is refused, and serves when there is space", async ({ expect, skip }) => {
    const disk = mountSmallDisk("size=20m");
    if (disk === undefined) return skip("this user may not mount a file system");
    const ballast = join(disk, ".ballast");
    spawnSync("dd", ["if=/dev/zero", `of=${ballast}`, "bs=4k"]);
    const dataDir = join(disk, "data");
    expectAdvice(expect, await up(dataDir), {
      status: 73,
      says: [`The data folder ${dataDir} is on a full disk.`, "df -h"],
    });
    rmSync(ballast);
    const server = await startRockpool({ dataDir });
    onTestFinished(async () => void (await server.stop()));
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  });

  it("whose disk fills up later goes on serving, and its log with it", async ({ expect, skip }) => {
    const disk = mountSmallDisk("size=20m");
    if (disk === undefined) return skip("this user may not mount a file system");
    const server = await startRockpool({ dataDir: join(disk, "data") });
    onTestFinished(async () => void (await server.stop()));
    const ballast = join(disk, ".ballast");
    spawnSync("dd", ["if=/dev/zero", `of=${ballast}`, "bs=4k"]);
    for (let n = 0; n < 20; n += 1) await fetch(`${server.url}/nowhere`);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    rmSync(ballast);
    await server.kill9Workerd();
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  });

  it("may have a path that no socket could have", async ({ expect }) => {
    const dataDir = join(newFolder(), "long".repeat(40), "数据 'and' \"more\"");
    const server = await startRockpool({ dataDir });
    onTestFinished(async () => void (await server.stop()));
    expect((await server.run(["status"])).status).toBe(0);
    const place = join(server.adminSocket, "..");
    expect(statSync(place).mode & 0o777).toBe(0o700);
    await server.stop();
    expect(statSync(place, { throwIfNoEntry: false })).toBeUndefined();
  });
});

describe("the master key", () => {
  it("that is missing is not made anew where there is data", async ({ expect }) => {
    const dataDir = await usedFolder();
    rmSync(join(dataDir, "master.key"));
    expectAdvice(expect, await up(dataDir), {
      status: 78,
      says: [
        "master.key is missing",
        "Put it back from where you keep its copy, or set ROCKPOOL_MASTER_KEY",
      ],
    });
    expect(statSync(join(dataDir, "master.key"), { throwIfNoEntry: false })).toBeUndefined();
  });

  it("of another box is refused, and the right one serves again", async ({ expect }) => {
    const dataDir = await usedFolder();
    const path = join(dataDir, "master.key");
    const right = join(dataDir, ".right.key");
    copyFileSync(path, right);
    writeFileSync(path, Buffer.alloc(32, 7));
    const says = [
      "is not the key that this data was written with",
      "Put the right master.key back",
    ];
    expectAdvice(expect, await up(dataDir), { status: 78, says });
    copyFileSync(right, path);
    const server = await startRockpool({ dataDir });
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    await server.stop();
  });

  it("that was cut is refused", async ({ expect }) => {
    const dataDir = await usedFolder();
    writeFileSync(join(dataDir, "master.key"), "short");
    const says = ["has 5 bytes; a master key has 32."];
    expectAdvice(expect, await up(dataDir), { status: 78, says });
  });

  it("that this user may not read is refused", async ({ expect, skip }) => {
    if (process.getuid?.() !== 0) return skip("only root can give the folder to another user");
    const dataDir = await usedFolder();
    chownSync(dataDir, NOBODY, NOBODY);
    for (const name of ["run", "objects", "logs"]) chownSync(join(dataDir, name), NOBODY, NOBODY);
    const env = { PATH: process.env.PATH, HOME: "/", ROCKPOOL_DATA: dataDir, PORT: "0" };
    const result = spawnSync(
      "setpriv",
      [
        `--reuid=${NOBODY}`,
        `--regid=${NOBODY}`,
        "--clear-groups",
        join(ROOT, "bin", "rockpool"),
        "up",
      ],
      { env, encoding: "utf8" },
    );
    expectAdvice(expect, result, { status: 73, says: ["cannot be written by this user"] });
  });
});

describe("migrations", () => {
  function newProject(): string {
    const root = copyProject();
    onTestFinished(() => rmSync(root, { recursive: true, force: true }));
    return root;
  }

  it("that fail half way leave the data usable by the version before", async ({ expect }) => {
    const root = newProject();
    const before = await startRockpool({ root });
    onTestFinished(async () => await before.discard());
    const { dataDir } = before;
    await before.stop();
    const database = d1File(join(dataDir, "objects"), "rockpool");
    new DatabaseSync(database).exec(
      "INSERT INTO people (id, role, name, lang, created_at_ms) VALUES ('p', 'owner', 'Ann', 'en', 1)",
    );
    const broken = join(root, "migrations", "9999_broken.sql");
    writeFileSync(
      broken,
      "DELETE FROM people;--> statement-breakpoint\nALTER TABLE nowhere ADD x;",
    );
    const result = await runRockpool(["up"], { ROCKPOOL_DATA: dataDir }, { root });
    expectAdvice(expect, result, {
      status: 70,
      says: [
        "The migration 9999_broken.sql failed and was undone: no such table: nowhere.",
        join(dataDir, "backups", "before-9999_broken"),
        "Install the version that ran before",
      ],
    });
    rmSync(broken);
    const after = await startRockpool({ root, dataDir });
    expect((await fetch(`${after.url}/readyz`)).status).toBe(200);
    await after.stop();
    const rows = new DatabaseSync(database, { readOnly: true }).prepare("SELECT name FROM people");
    expect(rows.all()).toEqual([{ name: "Ann" }]);
  });

  it("are applied by `rockpool migrate` too, once", async ({ expect }) => {
    const root = newProject();
    const env = { ROCKPOOL_DATA: join(newFolder(), "data") };
    const first = await runRockpool(["migrate", "--json"], env, { root });
    expect(JSON.parse(first.stdout).applied[0]).toBe("0000_init.sql");
    const second = await runRockpool(["migrate"], env, { root });
    expect(second.stdout).toBe("Up to date.\n");
  });
});

describe("a source that cannot be bundled", () => {
  it("says which line it is, and starts when it is put right", async ({ expect }) => {
    const root = copyProject();
    onTestFinished(() => rmSync(root, { recursive: true, force: true }));
    const path = join(root, "src", "index.ts");
    const right = readFileSync(path, "utf8");
    appendFileSync(path, "\nconst x = ;\n");
    const dataDir = join(newFolder(), "data");
    const result = await runRockpool(["up"], { ROCKPOOL_DATA: dataDir }, { root });
    const line = right.split("\n").length + 1;
    expectAdvice(expect, result, {
      status: 70,
      says: [`The Worker cannot be bundled: Unexpected ";" (src/index.ts:${line}).`],
    });
    writeFileSync(path, right);
    const server = await startRockpool({ root, dataDir });
    await until(async () => (await fetch(`${server.url}/readyz`)).ok, "the server");
    await server.stop();
  });
});
