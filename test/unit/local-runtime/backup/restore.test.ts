import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, it } from "vitest";
import { runBackup } from "../../../../local-runtime/backup/backup.ts";
import { sealManifest } from "../../../../local-runtime/backup/backup-manifest.ts";
import { runRestore } from "../../../../local-runtime/backup/restore.ts";
import { loadMasterKey } from "../../../../local-runtime/keys/master-key.ts";
import { acquireLock } from "../../../../local-runtime/supervisor/lock.ts";
import { createDataFolder, type TestFolder } from "../../../support/data-folder.ts";

const version = "0.1.0";
const NOW = { one: ["hello", "later"] };

/** A backup of `{one: [hello]}`, and a folder that has moved on since. */
async function createBackup(data: TestFolder, by = version): Promise<string> {
  const archive = join(data.outside, "backup.tar.gz");
  data.write("one", "hello");
  await runBackup({ folder: data.folder, archive, version: by });
  data.write("one", "later");
  return archive;
}

/** The archive with its unpacked files changed by `change`, packed again. */
function repack(data: TestFolder, archive: string, change: (folder: string) => void): string {
  const folder = join(data.outside, "unpacked");
  mkdirSync(folder);
  execFileSync("tar", ["-xzf", archive, "-C", folder]);
  const list = execFileSync("tar", ["-tzf", archive], { encoding: "utf8" }).trim().split("\n");
  change(folder);
  const changed = join(data.outside, "changed.tar.gz");
  const names = list.filter((name) => existsSync(join(folder, name)));
  execFileSync("tar", ["--format=ustar", "-czf", changed, "-C", folder, ...names]);
  return changed;
}

describe("a restore", () => {
  it("keeps what was there before, and says where", async ({ expect }) => {
    using data = createDataFolder();
    const archive = await createBackup(data);
    const report = await runRestore({ folder: data.folder, archive, force: true, version });
    expect(data.read()).toEqual({ one: ["hello"] });
    expect(report.keptAs).toMatch(/\/objects\.before-restore-\d{17}$/);
    rmSync(data.folder.objects, { recursive: true });
    cpSync(report.keptAs ?? "", data.folder.objects, { recursive: true });
    expect(data.read()).toEqual(NOW);
  });

  it("fills an empty folder that holds the right key", async ({ expect }) => {
    using data = createDataFolder();
    using other = createDataFolder();
    const archive = await createBackup(data);
    writeFileSync(other.folder.masterKey, readFileSync(data.folder.masterKey));
    const options = { folder: other.folder, archive, force: false, version };
    expect((await runRestore(options)).keptAs).toBeUndefined();
    expect(other.read()).toEqual({ one: ["hello"] });
    expect(loadMasterKey(other.folder)).toEqual(readFileSync(data.folder.masterKey));
  });

  it("replaces data only where it is told to", async ({ expect }) => {
    using data = createDataFolder();
    const archive = await createBackup(data);
    const options = { folder: data.folder, archive, force: false, version };
    await expect(runRestore(options)).rejects.toMatchObject({
      code: "restore/would_replace",
      message: `${data.folder.root} holds data already.`,
    });
    expect(data.read()).toEqual(NOW);
  });

  it("refuses, by name, where the folder is in use", async ({ expect }) => {
    using data = createDataFolder();
    const archive = await createBackup(data);
    const lock = acquireLock(data.folder.root, "up");
    const options = { folder: data.folder, archive, force: true, version };
    await expect(runRestore(options)).rejects.toMatchObject({
      code: "data/in_use",
      message: expect.stringContaining(`process ${process.pid} (rockpool up`),
    });
    lock.release();
    expect(data.read()).toEqual(NOW);
  });

  it("refuses without the key, with another key, and without a file", async ({ expect }) => {
    using data = createDataFolder();
    const archive = await createBackup(data);
    const options = { folder: data.folder, archive, force: true, version };
    for (const missing of [join(data.outside, "none"), data.outside])
      await expect(runRestore({ ...options, archive: missing })).rejects.toMatchObject({
        code: "restore/no_archive",
        message: `There is no file at ${missing}.`,
      });
    writeFileSync(data.folder.masterKey, randomBytes(32));
    await expect(runRestore(options)).rejects.toMatchObject({ code: "backup/wrong_key" });
    for (const breakKey of [
      () => writeFileSync(data.folder.masterKey, "short"),
      () => rmSync(data.folder.masterKey),
    ]) {
      breakKey();
      await expect(runRestore(options)).rejects.toMatchObject({
        code: "restore/no_key",
        message: `There is no usable master key at ${data.folder.masterKey}.`,
      });
    }
    expect(data.read()).toEqual(NOW);
    expect(readdirSync(data.folder.root)).not.toContain(".restore");
  });

  it("takes a backup of an older version, and refuses one of a newer", async ({ expect }) => {
    using data = createDataFolder();
    const archive = await createBackup(data, "0.10.2");
    const options = { folder: data.folder, archive, force: true };
    for (const older of ["0.9.9", "0.10.1", "0.10.1-rc.1"])
      await expect(runRestore({ ...options, version: older })).rejects.toMatchObject({
        code: "restore/newer_version",
        message: `The backup was made by Rockpool 0.10.2; this is ${older}.`,
      });
    expect(data.read()).toEqual(NOW);
    for (const same of ["0.10.2", "0.11.0", "1.0.0"])
      expect((await runRestore({ ...options, version: same })).version).toBe("0.10.2");
  });

  it("replaces nothing where a file was changed, left out or added", async ({ expect }) => {
    const changes: Record<string, (folder: string) => void> = {
      "a file is not as its list says": (folder) => {
        const path = join(folder, "objects/session/one.sqlite");
        const bytes = readFileSync(path);
        bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
        writeFileSync(path, bytes);
      },
      "files are missing in it": (folder) => rmSync(join(folder, "objects/session/one.sqlite")),
      "it does not begin with manifest.json and manifest.seal": (folder) =>
        rmSync(join(folder, "manifest.seal")),
    };
    for (const [what, change] of Object.entries(changes)) {
      using data = createDataFolder();
      const archive = repack(data, await createBackup(data), change);
      await expect(
        runRestore({ folder: data.folder, archive, force: true, version }),
      ).rejects.toMatchObject({
        code: "backup/damaged",
        message: `The archive is damaged or was changed: ${what}.`,
      });
      expect(data.read()).toEqual(NOW);
      expect(readdirSync(data.folder.root)).not.toContain(".restore");
    }
  });

  it("replaces nothing where the list was written anew without the key", async ({ expect }) => {
    using data = createDataFolder();
    const archive = repack(data, await createBackup(data), (folder) => {
      const list = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));
      list.files = [];
      writeFileSync(join(folder, "manifest.json"), JSON.stringify(list));
    });
    await expect(
      runRestore({ folder: data.folder, archive, force: true, version }),
    ).rejects.toMatchObject({ code: "backup/not_authentic" });
    expect(data.read()).toEqual(NOW);
  });

  it("replaces nothing where a listed database is damaged", async ({ expect }) => {
    using data = createDataFolder();
    const bad = "x".repeat(8192);
    const sha256 = createHash("sha256").update(bad).digest("hex");
    const archive = repack(data, await createBackup(data), (folder) => {
      const path = "objects/session/one.sqlite";
      writeFileSync(join(folder, path), bad);
      rmSync(join(folder, "egress.json"));
      const { manifest, seal } = sealManifest(
        {
          version,
          createdAt: new Date().toISOString(),
          files: [{ path, sizeBytes: bad.length, sha256 }],
        },
        readFileSync(data.folder.masterKey),
      );
      writeFileSync(join(folder, "manifest.json"), manifest);
      writeFileSync(join(folder, "manifest.seal"), seal);
    });
    await expect(
      runRestore({ folder: data.folder, archive, force: true, version }),
    ).rejects.toMatchObject({
      code: "backup/broken_database",
      message: "The database objects/session/one.sqlite is damaged: file is not a database.",
    });
    expect(data.read()).toEqual(NOW);
  });

  it("replaces nothing where the archive is cut off", async ({ expect }) => {
    using data = createDataFolder();
    const archive = await createBackup(data);
    const sizeBytes = readFileSync(archive).length;
    for (const part of [0, 0.3, 0.6, 0.9, 0.999]) {
      const cut = join(data.outside, "cut.tar.gz");
      cpSync(archive, cut);
      truncateSync(cut, Math.floor(sizeBytes * part));
      await expect(
        runRestore({ folder: data.folder, archive: cut, force: true, version }),
      ).rejects.toMatchObject({ code: "backup/damaged" });
    }
    expect(data.read()).toEqual(NOW);
    expect(readdirSync(data.folder.root)).not.toContain(".restore");
  });
});
