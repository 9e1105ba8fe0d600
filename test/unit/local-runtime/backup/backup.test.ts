import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, describe, it } from "vitest";
import { runBackup } from "../../../../local-runtime/backup/backup.ts";
import { isStopped } from "../../../../local-runtime/backup/backup-process.ts";
import { RESERVE_BYTES, verifySpace } from "../../../../local-runtime/backup/backup-space.ts";
import { runRestore } from "../../../../local-runtime/backup/restore.ts";
import { acquireLock, tryLockFile } from "../../../../local-runtime/supervisor/lock.ts";
import { configFile } from "../../../../local-runtime/supervisor/run-files.ts";
import { createDataFolder, type TestFolder } from "../../../support/data-folder.ts";

const version = "0.1.0";
const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

/** Something that writes to the folder for ever, and looks like its workerd. */
async function startWriter(data: TestFolder): Promise<number> {
  const program = join(data.outside, "serve");
  const source = join(import.meta.dirname, "../../../support/lockstep-writer.ts");
  writeFileSync(program, `import(${JSON.stringify(source)});`);
  const words = ["serve", "--experimental", configFile(data.folder), data.folder.objects];
  const child = spawn(process.execPath, words, {
    cwd: data.outside,
    stdio: ["ignore", "pipe", "inherit"],
  });
  started.push(child);
  await once(child.stdout, "data");
  return child.pid ?? 0;
}

function lastNumber(data: TestFolder, name: string): number {
  const database = new DatabaseSync(join(data.folder.objects, "session", `${name}.sqlite`));
  const row = database.prepare("SELECT max(n) AS n FROM count").get();
  database.close();
  return Number(row?.n);
}

describe("a backup", () => {
  it("of a stopped server comes back as it was, and leaves nothing else behind", async ({
    expect,
  }) => {
    using data = createDataFolder();
    data.write("one", "hello");
    data.write("two", "你好");
    writeFileSync(data.folder.egress, '{"origins":["http://127.0.0.1:9"]}');
    const before = readdirSync(data.folder.root);
    const archive = join(data.outside, "backup.tar.gz");
    const report = await runBackup({ folder: data.folder, archive, version });
    expect(report).toMatchObject({ archive, databases: 2 });
    expect(report.pauseMs).toBeUndefined();
    expect(statSync(archive).mode & 0o777).toBe(0o600);
    expect(readdirSync(data.folder.root)).toEqual(before);
    expect(readdirSync(data.outside)).toEqual(["backup.tar.gz"]);

    data.write("one", "later");
    data.write("three", "new");
    rmSync(data.folder.egress);
    const restored = await runRestore({ folder: data.folder, archive, force: true, version });
    expect(restored).toMatchObject({ databases: 2, files: 3, createdAt: report.createdAt });
    expect(data.read()).toEqual({ one: ["hello"], two: ["你好"] });
    expect(existsSync(data.folder.egress)).toBe(true);
  });

  it("of a server that writes all the while is of one moment", async ({ expect }) => {
    using data = createDataFolder();
    const pid = await startWriter(data);
    const archives = [1, 2, 3].map((number) => join(data.outside, `${number}.tar.gz`));
    for (const archive of archives) {
      const report = await runBackup({ folder: data.folder, archive, version });
      expect(report.pauseMs).toBeGreaterThan(0);
      expect(isStopped(pid)).toBe(false);
    }
    process.kill(pid, "SIGKILL");
    let earlier = 0;
    for (const archive of archives) {
      await runRestore({ folder: data.folder, archive, force: true, version });
      const [first, second] = [lastNumber(data, "first"), lastNumber(data, "second")];
      expect([0, 1]).toContain(first - second);
      expect(first).toBeGreaterThan(earlier);
      earlier = first;
    }
  });

  it("is not begun where another one runs", async ({ expect }) => {
    using data = createDataFolder();
    data.write("one", "hello");
    const other = tryLockFile(join(data.folder.run, "backup.lock"), 0);
    const archive = join(data.outside, "backup.tar.gz");
    await expect(runBackup({ folder: data.folder, archive, version })).rejects.toMatchObject({
      code: "backup/another_runs",
      message: "Another backup of this data folder is running.",
    });
    other?.close();
    expect(existsSync(archive)).toBe(false);
  });

  it("names what works on the folder where no server does", async ({ expect }) => {
    using data = createDataFolder();
    data.write("one", "hello");
    const lock = acquireLock(data.folder.root, "migrate");
    const archive = join(data.outside, "backup.tar.gz");
    await expect(runBackup({ folder: data.folder, archive, version })).rejects.toMatchObject({
      code: "data/in_use",
      message: expect.stringContaining(`process ${process.pid} (rockpool migrate`),
    });
    lock.release();
  });

  it("refuses to begin without data, without the key, and over a file", async ({ expect }) => {
    using data = createDataFolder();
    const archive = join(data.outside, "backup.tar.gz");
    const options = { folder: data.folder, archive, version };
    await expect(runBackup(options)).rejects.toMatchObject({
      code: "backup/no_data",
      message: `There is no data to back up in ${data.folder.root}.`,
    });
    data.write("one", "hello");
    writeFileSync(archive, "precious");
    await expect(runBackup(options)).rejects.toMatchObject({
      code: "backup/exists",
      message: `There is a file at ${archive} already.`,
    });
    rmSync(archive);
    rmSync(data.folder.masterKey);
    await expect(runBackup(options)).rejects.toMatchObject({
      code: "key/missing",
      message: `${data.folder.masterKey} is missing, and the stored messages cannot be read without it.`,
    });
  });

  it("says where it cannot write", async ({ expect }) => {
    using data = createDataFolder();
    data.write("one", "hello");
    const archive = join(data.outside, "no", "such", "backup.tar.gz");
    await expect(runBackup({ folder: data.folder, archive, version })).rejects.toMatchObject({
      code: "backup/cannot_write",
      message: `The archive cannot be written to ${archive} (its folder is missing).`,
      fix: "Choose a folder that exists, that you may write to and that has room, with --out.",
    });
  });

  it("names a damaged database instead of keeping it", async ({ expect }) => {
    using data = createDataFolder();
    mkdirSync(join(data.folder.objects, "session"));
    writeFileSync(join(data.folder.objects, "session", "bad.sqlite"), "x".repeat(8192));
    const archive = join(data.outside, "backup.tar.gz");
    await expect(runBackup({ folder: data.folder, archive, version })).rejects.toMatchObject({
      code: "backup/broken_database",
      message: "The database objects/session/bad.sqlite is damaged: file is not a database.",
    });
    expect(readdirSync(data.outside)).toEqual([]);
  });

  it("clears away what a killed one has left", async ({ expect }) => {
    using data = createDataFolder();
    data.write("one", "hello");
    mkdirSync(join(data.folder.root, ".backup", "objects", "session"), { recursive: true });
    writeFileSync(join(data.folder.root, ".backup", "objects", "session", "old.sqlite"), "x");
    const archive = join(data.outside, "backup.tar.gz");
    writeFileSync(`${archive}.unfinished`, "x");
    const report = await runBackup({ folder: data.folder, archive, version });
    expect(report.databases).toBe(1);
    expect(readdirSync(data.outside)).toEqual(["backup.tar.gz"]);
  });
});

describe("the room on a disk", () => {
  it("is asked for with a reserve, and named when it is short", ({ expect }) => {
    using data = createDataFolder();
    verifySpace(data.outside, 1);
    expect(() => verifySpace(data.outside, 2 ** 60)).toThrow(
      expect.objectContaining({
        code: "backup/no_space",
        message: expect.stringMatching(
          /^The disk of \S+ has \d+\.\d MB free; 11529215\d+\.\d MB are needed\.$/,
        ),
      }),
    );
    expect(RESERVE_BYTES).toBeGreaterThan(0);
  });
});
