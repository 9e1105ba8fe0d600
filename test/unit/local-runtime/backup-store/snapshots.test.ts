/** Backups in a store and back: incremental, encrypted, proved before anything is replaced. */
import { randomBytes } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "vitest";
import { listFiles } from "../../../../local-runtime/backup/backup-copy.ts";
import { finishRestore } from "../../../../local-runtime/backup/restore-swap.ts";
import { openFolderStore } from "../../../../local-runtime/backup-store/folder-store.ts";
import { makeRecoveryKey } from "../../../../local-runtime/backup-store/recovery-key.ts";
import {
  fillFromSnapshot,
  restoreSnapshot,
} from "../../../../local-runtime/backup-store/restore-snapshot.ts";
import { loadHostChecks } from "../../../../local-runtime/host-work/host-checks.ts";
import { loadMasterKey } from "../../../../local-runtime/keys/master-key.ts";
import { createTestStore, type TestStore, VERSION } from "../../../support/backup-store.ts";
import { createDataFolder, type TestFolder } from "../../../support/data-folder.ts";

const progress = () => {};

/** A session with so many bytes that cannot be packed. */
function writeLarge(data: TestFolder, session: string, sizeBytes: number): void {
  for (let left = sizeBytes; left > 0; left -= 100_000)
    data.write(session, randomBytes(Math.min(left, 100_000) / 2).toString("hex"));
}

function storeBytes(root: string): number {
  return listFiles(root).reduce((sum, path) => sum + statSync(join(root, path)).size, 0);
}

/** Changes one byte of every object of the store below a folder. */
function flip(root: string, folder: string, at = 0.5): void {
  for (const name of readdirSync(join(root, folder))) {
    const path = join(root, folder, name);
    const bytes = readFileSync(path);
    const index = Math.floor(bytes.length * at);
    bytes[index] = (bytes[index] ?? 0) ^ 1;
    writeFileSync(path, bytes);
  }
}

async function restore(data: TestFolder, { store, key }: TestStore, more: object = {}) {
  const { folder } = data;
  return await restoreSnapshot({
    folder,
    store,
    key,
    force: true,
    version: VERSION,
    progress,
    ...more,
  });
}

describe("a backup in a store", () => {
  it("fills an empty machine with nothing but the recovery key, every row of it", async ({
    expect,
  }) => {
    using data = createDataFolder();
    using other = createDataFolder();
    data.write("one", "hello");
    data.write("two", "你好");
    writeLarge(data, "large", 12_000_000);
    writeFileSync(data.folder.egress, '{"origins":["http://127.0.0.1:9"]}');
    const before = readdirSync(data.folder.root);
    const made = await createTestStore(data);
    const { header } = await made.backup();
    expect(header).toMatchObject({ databases: 3, files: 4, version: VERSION });
    expect(header.packs.length).toBeGreaterThan(1);
    expect(readdirSync(data.folder.root).sort()).toEqual(
      [...before, "backups", "recovery.json", "reports"].sort(),
    );
    const masterKey = readFileSync(data.folder.masterKey);
    const rows = data.read();

    rmSync(other.folder.root, { recursive: true });
    mkdirSync(join(other.folder.root, "run"), { recursive: true });
    const report = await restore(other, made, { force: false });
    expect(report).toMatchObject({ databases: 3, files: 4, createdAt: header.createdAt });
    expect(report.keptAs).toBeUndefined();
    expect(other.read()).toEqual(rows);
    expect(loadMasterKey(other.folder)).toEqual(masterKey);
    expect(readFileSync(other.folder.egress, "utf8")).toContain("http://127.0.0.1:9");
    expect(statSync(other.folder.masterKey).mode & 0o777).toBe(0o600);
  });

  it("takes only what changed since the last one", async ({ expect }) => {
    using data = createDataFolder();
    for (const name of ["a", "b", "c", "d"]) writeLarge(data, name, 2_000_000);
    const made = await createTestStore(data);
    const first = await made.backup();
    expect(first.header.addedBytes).toBeGreaterThan(4_000_000);
    expect((await made.backup()).header.addedBytes).toBe(0);
    data.write("b", "one more line");
    const third = await made.backup();
    expect(third.header.addedBytes).toBeGreaterThan(0);
    expect(third.header.addedBytes).toBeLessThan(400_000);
    const rows = data.read();
    await restore(data, made);
    expect(data.read()).toEqual(rows);
    await restore(data, made, { snapshot: first.header.id });
    expect(data.read().b).toHaveLength((rows.b?.length ?? 0) - 1);
  });

  it("stores anew what the store has lost, or what the box forgot", async ({ expect }) => {
    using data = createDataFolder();
    writeLarge(data, "a", 1_000_000);
    const made = await createTestStore(data);
    const first = (await made.backup()).header;
    rmSync(join(made.root, "packs", first.packs[0]?.id ?? ""));
    expect((await made.backup()).header.addedBytes).toBe(first.addedBytes);
    for (const spoil of [
      (path: string) => rmSync(path),
      (path: string) => writeFileSync(path, "{"),
    ]) {
      spoil(join(data.folder.backups, "known-chunks.json.gz"));
      expect((await made.backup()).header.addedBytes).toBe(first.addedBytes);
    }
    const rows = data.read();
    await restore(data, made);
    expect(data.read()).toEqual(rows);
  });

  it("holds nothing that is readable, and nothing of the key is on the box", async ({ expect }) => {
    using data = createDataFolder();
    data.write("one", "a sentence that is easy to find");
    const made = await createTestStore(data);
    await made.backup();
    for (const path of listFiles(made.root)) {
      const bytes = readFileSync(join(made.root, path)).toString("latin1");
      expect(bytes).not.toContain("easy to find");
      expect(bytes).not.toContain("session/one");
      expect(statSync(join(made.root, path)).mode & 0o777).toBe(0o600);
    }
    const masterKey = readFileSync(data.folder.masterKey).toString("latin1");
    for (const path of listFiles(made.root))
      expect(readFileSync(join(made.root, path)).toString("latin1")).not.toContain(masterKey);
    for (const path of listFiles(data.folder.root))
      expect(readFileSync(join(data.folder.root, path), "latin1")).not.toContain(made.key.identity);
  });

  it("keeps what was there before, with the key that opens it", async ({ expect }) => {
    using data = createDataFolder();
    using other = createDataFolder();
    data.write("one", "hello");
    other.write("two", "mine");
    const theirs = readFileSync(other.folder.masterKey);
    const made = await createTestStore(data);
    await made.backup();
    const { keptAs } = await restore(other, made);
    expect(other.read()).toEqual({ one: ["hello"] });
    const keptKey = keptAs?.replace("objects.", "master.key.") ?? "";
    expect(readFileSync(keptKey)).toEqual(theirs);
    expect(readdirSync(join(keptAs ?? "", "session"))).toEqual(["two.sqlite"]);
    expect(loadMasterKey(other.folder)).toEqual(readFileSync(data.folder.masterKey));
    expect(finishRestore(other.folder)).toBe(false);
    expect(loadHostChecks(other.folder)).toMatchObject({
      restored: { restoredAtMs: expect.any(Number), createdAtMs: expect.any(Number) },
    });
  });
});

describe("a restore from a store", () => {
  it.for([
    ["packs", "store/damaged", /packs\/\w+ in the backup store .* it is not as the snapshot says/],
    ["keys", "store/damaged", /keys\/\S+ in the backup store .* it is not as the snapshot says/],
  ] as const)(
    "replaces nothing where a byte of %s was changed",
    async ([what, code, message], { expect }) => {
      using data = createDataFolder();
      data.write("one", "hello");
      const made = await createTestStore(data);
      await made.backup();
      data.write("one", "later");
      flip(made.root, what);
      await expect(restore(data, made)).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message),
      });
      expect(data.read()).toEqual({ one: ["hello", "later"] });
      expect(readdirSync(data.folder.root)).not.toContain(".restore");
    },
  );

  it("replaces nothing where any byte of the snapshot's own object was changed", async ({
    expect,
  }) => {
    using data = createDataFolder();
    data.write("one", "hello");
    const made = await createTestStore(data);
    await made.backup();
    data.write("one", "later");
    const saved = join(data.outside, "saved");
    cpSync(made.root, saved, { recursive: true });
    const [name = ""] = readdirSync(join(made.root, "snapshots"));
    const sizeBytes = statSync(join(made.root, "snapshots", name)).size;
    for (let at = 0; at < sizeBytes; at += 7) {
      rmSync(made.root, { recursive: true });
      cpSync(saved, made.root, { recursive: true });
      flip(made.root, "snapshots", at / sizeBytes);
      await expect(restore(data, made)).rejects.toMatchObject({
        code: expect.stringMatching(/^(backup\/(not_authentic|unknown_format)|store\/damaged)$/),
      });
    }
    expect(data.read()).toEqual({ one: ["hello", "later"] });
  });

  it("replaces nothing where an object is missing, or is another one's", async ({ expect }) => {
    using data = createDataFolder();
    writeLarge(data, "one", 9_000_000);
    const made = await createTestStore(data);
    const { header } = await made.backup();
    data.write("one", "later");
    const rows = data.read();
    const [one, two] = header.packs.map(({ id }) => join(made.root, "packs", id));
    cpSync(two ?? "", one ?? "");
    await expect(restore(data, made)).rejects.toMatchObject({ code: "store/damaged" });
    rmSync(one ?? "");
    await expect(restore(data, made)).rejects.toMatchObject({
      code: "store/missing",
      message: `The backup store ${made.root} has no packs/${header.packs[0]?.id}.`,
    });
    expect(data.read()).toEqual(rows);
  });

  it("refuses another key, a store of another key, and an empty store", async ({ expect }) => {
    using data = createDataFolder();
    data.write("one", "hello");
    const made = await createTestStore(data);
    const empty = join(data.outside, "empty");
    mkdirSync(empty);
    await expect(restore(data, { ...made, store: openFolderStore(empty) })).rejects.toMatchObject({
      code: "restore/no_backup",
      message: `The store ${empty} holds no backup.`,
    });
    await made.backup();
    const key = await makeRecoveryKey();
    await expect(restore(data, { ...made, key })).rejects.toMatchObject({
      code: "store/other_key",
      message: expect.stringContaining(`(${made.key.box.id}) than this one (${key.box.id})`),
    });
    // A thief who puts his own store in its place, and knows the public part only, cannot seal a header.
    rmSync(join(made.root, "store.json"));
    await expect(restore(data, { ...made, key })).rejects.toMatchObject({
      code: "backup/not_authentic",
    });
    await expect(
      restore(data, { ...made, store: openFolderStore(join(data.outside, "none")) }),
    ).rejects.toMatchObject({
      code: "store/unavailable",
      message: expect.stringContaining("there is no such folder"),
    });
  });

  it("says so where there is no backup of that id", async ({ expect }) => {
    using data = createDataFolder();
    data.write("one", "hello");
    const made = await createTestStore(data);
    await made.backup();
    const snapshot = "20200101-000000000-abcd";
    const { folder } = data;
    const { store, key } = made;
    const options = { folder, store, key, force: true, version: VERSION, snapshot };
    await expect(restoreSnapshot({ ...options, progress: () => {} })).rejects.toMatchObject({
      code: "restore/no_backup",
      message: `The store ${made.root} holds no backup ${snapshot}.`,
    });
    expect(data.read()).toEqual({ one: ["hello"] });
  });

  it("refuses a backup of a newer version", async ({ expect }) => {
    using data = createDataFolder();
    data.write("one", "hello");
    const made = await createTestStore(data);
    await made.backup("0.2.0");
    await expect(restore(data, made)).rejects.toMatchObject({
      code: "restore/newer_version",
      message: "The backup was made by Rockpool 0.2.0; this is 0.1.0.",
    });
  });

  it("is refused over data that is there, unless it is forced", async ({ expect }) => {
    using data = createDataFolder();
    data.write("one", "hello");
    const made = await createTestStore(data);
    await made.backup();
    await expect(restore(data, made, { force: false })).rejects.toMatchObject({
      code: "restore/would_replace",
    });
  });

  it("brings databases that pass SQLite's own check", async ({ expect }) => {
    using data = createDataFolder();
    writeLarge(data, "one", 500_000);
    const made = await createTestStore(data);
    await made.backup();
    const to = join(data.outside, "rehearsal");
    mkdirSync(join(to, "objects"), { recursive: true });
    const { store, key } = made;
    await fillFromSnapshot({ store, key, version: VERSION, progress }, to);
    const database = new DatabaseSync(join(to, "objects/session/one.sqlite"), { readOnly: true });
    expect(database.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
    database.close();
    expect(existsSync(join(to, "master.key"))).toBe(true);
  });
});

describe("a backup that is killed", () => {
  it("leaves a store that restores, and is made up for by the next one", async ({ expect }) => {
    using data = createDataFolder();
    writeLarge(data, "one", 9_000_000);
    const made = await createTestStore(data);
    await made.backup();
    writeLarge(data, "two", 9_000_000);
    const stopped = storeBytes(made.root);
    for (let allowed = 0; allowed < 3; allowed += 1) {
      let writes = 0;
      const store = {
        ...made.store,
        write: async (name: string, bytes: Uint8Array) => {
          writes += 1;
          if (writes > allowed) throw new Error("killed");
          await made.store.write(name, bytes);
        },
      };
      const { runStoreBackup } = await import(
        "../../../../local-runtime/backup-store/run-store-backup.ts"
      );
      const options = { folder: data.folder, store, version: VERSION, progress };
      await expect(runStoreBackup(options)).rejects.toThrow("killed");
    }
    expect(storeBytes(made.root)).toBeGreaterThan(stopped);
    const rows = data.read();
    await made.backup();
    await restore(data, made);
    expect(data.read()).toEqual(rows);
  });
});
