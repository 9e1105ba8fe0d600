/** Which backups stay, what pruning takes away, and what a look at the whole store finds. */
import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { describe, it, onTestFinished, vi } from "vitest";
import { decideKept } from "../../../../local-runtime/backup-store/keep-rule.ts";
import { forgetPacks } from "../../../../local-runtime/backup-store/known-chunks.ts";
import {
  pruneStore,
  UNNAMED_STAYS_MS,
} from "../../../../local-runtime/backup-store/prune-store.ts";
import { readHeaders } from "../../../../local-runtime/backup-store/read-headers.ts";
import { restoreSnapshot } from "../../../../local-runtime/backup-store/restore-snapshot.ts";
import { KEYS_KEPT } from "../../../../local-runtime/backup-store/snapshot-keys.ts";
import { verifyObjects } from "../../../../local-runtime/backup-store/verify-store.ts";
import { parseKeepRule } from "../../../../src/config/backup-rule.ts";
import { createTestStore, type TestStore, VERSION } from "../../../support/backup-store.ts";
import { createDataFolder } from "../../../support/data-folder.ts";

const DAY_MS = 86_400_000;
const RULE = parseKeepRule("7d,4w,6m");

function dates(kept: Iterable<{ atMs: number }>): string[] {
  return [...kept].map(({ atMs }) => new Date(atMs).toISOString().slice(0, 10)).sort();
}

describe("the rule of what stays", () => {
  it("keeps seven days, four weeks and six months of a year of nights", ({ expect }) => {
    const year = Array.from({ length: 365 }, (_, day) => ({
      atMs: Date.UTC(2026, 0, 1, 3, 30) + day * DAY_MS,
    }));
    expect(dates(decideKept(year, RULE))).toEqual([
      "2026-07-31",
      "2026-08-31",
      "2026-09-30",
      "2026-10-31",
      "2026-11-30",
      "2026-12-13",
      "2026-12-20",
      "2026-12-25",
      "2026-12-26",
      "2026-12-27",
      "2026-12-28",
      "2026-12-29",
      "2026-12-30",
      "2026-12-31",
    ]);
  });

  it("is stable: what was kept last night and is still within it, stays", ({ expect }) => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 400 * 24 }), { minLength: 1, maxLength: 60 }),
        fc.record({
          daily: fc.integer({ min: 1, max: 10 }),
          weekly: fc.integer({ min: 0, max: 6 }),
          monthly: fc.integer({ min: 0, max: 12 }),
        }),
        (hours, rule) => {
          const items = hours.map((hour) => ({ atMs: hour * 3_600_000 }));
          const kept = decideKept(items, rule);
          const newest = Math.max(...items.map(({ atMs }) => atMs));
          expect([...kept].some(({ atMs }) => atMs === newest)).toBe(true);
          expect(kept.size).toBeLessThanOrEqual(1 + rule.daily + rule.weekly + rule.monthly);
          expect(decideKept([...kept], rule)).toEqual(kept);
        },
      ),
      { numRuns: 500 },
    );
  });

  it.for(["7d,4w", "0d,1w,1m", "7,4,6", "", "7d,4w,1001m", "-1d,0w,0m"])(
    "is refused in another form: %s",
    (text, { expect }) => {
      expect(() => parseKeepRule(text)).toThrow(/expected/);
    },
  );
});

async function prune(made: TestStore, keep: "newest" | typeof RULE, more: object = {}) {
  const { store, key } = made;
  const base = { store, keys: key.box, keep, nowMs: Date.now(), dryRun: false };
  return await pruneStore({ ...base, ...more });
}

describe("pruning a store", () => {
  it("removes older backups with what only they need, keys first", async ({ expect }) => {
    using data = createDataFolder();
    data.write("one", "hello");
    const made = await createTestStore(data);
    const first = (await made.backup()).header;
    rmSync(join(data.folder.objects, "session", "one.sqlite"));
    for (let row = 0; row < 20; row += 1) data.write("two", `${row}`.repeat(10_000));
    await made.backup();
    const second = (await made.backup()).header;
    const removed: string[] = [];
    const store = {
      ...made.store,
      remove: async (name: string) => {
        removed.push(name);
        await made.store.remove(name);
      },
    };
    const foretold = await prune(made, "newest", { dryRun: true });
    expect(readdirSync(join(made.root, "snapshots"))).toHaveLength(3);
    const report = await prune({ ...made, store }, "newest");
    expect(report).toEqual(foretold);
    expect(report.kept).toEqual([second.id]);
    expect(report.removed).toContain(first.id);
    expect(report.freedBytes).toBeGreaterThan(0);
    expect(removed.indexOf(`keys/${first.id}`)).toBe(removed.indexOf(`snapshots/${first.id}`) - 1);
    expect(readdirSync(join(made.root, "snapshots"))).toEqual([second.id]);
    expect(readdirSync(join(made.root, "packs")).sort()).toEqual(
      second.packs.map(({ id }) => id).sort(),
    );
    const { folder } = data;
    const options = { folder, store, key: made.key, force: true, version: VERSION };
    await restoreSnapshot({ ...options, progress: () => {} });
    expect(Object.keys(data.read())).toEqual(["two"]);
  });

  it("leaves what a backup under way may have stored, and takes it when it is old", async ({
    expect,
  }) => {
    using data = createDataFolder();
    data.write("one", "hello");
    const made = await createTestStore(data);
    await made.backup();
    const stray = join(made.root, "packs", "0".repeat(32));
    writeFileSync(stray, "x");
    expect((await prune(made, RULE)).removedObjects).toBe(0);
    const old = (Date.now() - UNNAMED_STAYS_MS - 1_000) / 1000;
    utimesSync(stray, old, old);
    expect(await prune(made, RULE)).toMatchObject({ removedObjects: 1, removed: [] });
    expect(readdirSync(join(made.root, "packs"))).not.toContain("0".repeat(32));
  });

  it("removes nothing where a backup cannot be proved", async ({ expect }) => {
    using data = createDataFolder();
    data.write("one", "hello");
    const made = await createTestStore(data);
    await made.backup();
    data.write("one", "more");
    const { id } = (await made.backup()).header;
    const path = join(made.root, "snapshots", id);
    writeFileSync(path, readFileSync(path, "latin1").replace('"format":1', '"format":2'), "latin1");
    await expect(prune(made, "newest")).rejects.toMatchObject({ code: "backup/unknown_format" });
    expect(readdirSync(join(made.root, "snapshots"))).toHaveLength(2);
  });

  it("writes anew what stands in packs that are mostly out of use", async ({ expect }) => {
    using data = createDataFolder();
    const { backup, root, ...made } = await createTestStore(data);
    for (const name of ["a", "b", "c"])
      for (let row = 0; row < 10; row += 1) data.write(name, `${row}${name}`.repeat(20_000));
    await backup();
    for (const name of ["a", "b"]) rmSync(join(data.folder.objects, "session", `${name}.sqlite`));
    await backup(); // its list of chunks shows that two thirds of the pack are out of use
    const third = (await backup()).header;
    expect(third.addedBytes).toBeGreaterThan(0);
    await prune({ ...made, root, backup }, "newest");
    expect(readdirSync(join(root, "packs"))).toEqual(third.packs.map(({ id }) => id));
  });
});

describe("the keys of backups", () => {
  const vaultOf = (root: string) => join(root, "objects", "vault");

  it("go from older ones, which the keys of a newer one open", { timeout: 60_000 }, async ({
    expect,
  }) => {
    using data = createDataFolder();
    using other = createDataFolder();
    mkdirSync(vaultOf(data.folder.root), { recursive: true });
    const vault = join(vaultOf(data.folder.root), "v.sqlite");
    const write = (sql: string) => {
      const database = new DatabaseSync(vault);
      database.exec(sql);
      database.close();
    };
    write("PRAGMA journal_mode = WAL; CREATE TABLE keys (person TEXT)");
    write("INSERT INTO keys VALUES ('ada'), ('bob')");
    data.write("one", "hello");
    const made = await createTestStore(data);
    const beginMs = Date.UTC(2026, 0, 1, 3, 30);
    const night = async (day: number) => {
      vi.setSystemTime(beginMs + day * DAY_MS);
      return (await made.backup()).header;
    };
    vi.useFakeTimers({ toFake: ["Date"] });
    onTestFinished(() => void vi.useRealTimers());
    const first = await night(0);
    write("DELETE FROM keys WHERE person = 'bob'; INSERT INTO keys VALUES ('eve')");
    for (let day = 1; day < KEYS_KEPT; day += 1) await night(day);
    const all = { daily: 100, weekly: 0, monthly: 0 };
    await prune(made, all);
    expect(await restoredKeys(first.id)).toEqual(["ada", "bob"]);
    // One night later the first has no keys of its own any more.
    await night(KEYS_KEPT);
    expect((await prune(made, all)).removed).toEqual([]);
    expect(readdirSync(join(made.root, "keys"))).toHaveLength(KEYS_KEPT);
    expect(await restoredKeys(first.id)).toEqual(["ada", "eve"]);
    const { problems } = await verifyObjects(made.store, made.key.box, () => {});
    expect(problems).toEqual([]);

    async function restoredKeys(snapshot: string): Promise<unknown[]> {
      const { store, key } = made;
      const { folder } = other;
      const options = { folder, store, key, snapshot, force: true, version: VERSION };
      await restoreSnapshot({ ...options, progress: () => {} });
      expect(other.read()).toEqual({ one: ["hello"] });
      const database = new DatabaseSync(join(vaultOf(folder.root), "v.sqlite"));
      const rows = database.prepare("SELECT person FROM keys ORDER BY person").all();
      database.close();
      return rows.map(({ person }) => person);
    }
  });
});

describe("a look at the whole store", () => {
  const look = ({ store, key }: TestStore) => verifyObjects(store, key.box, () => {});

  it("finds nothing wrong with a good one", async ({ expect }) => {
    using data = createDataFolder();
    data.write("one", "hello");
    const made = await createTestStore(data);
    await made.backup();
    await made.backup();
    const report = await look(made);
    expect(report).toMatchObject({ objects: 5, problems: [] });
    expect(report.snapshots).toHaveLength(2);
  });

  it("names each object that is missing or changed, and the backups that need it", async ({
    expect,
  }) => {
    using data = createDataFolder();
    data.write("one", "hello");
    const made = await createTestStore(data);
    const { id, packs } = (await made.backup()).header;
    const second = (await made.backup()).header;
    const pack = join(made.root, "packs", packs[0]?.id ?? "");
    const bytes = readFileSync(pack);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    writeFileSync(pack, bytes);
    rmSync(join(made.root, "keys", id));
    const { problems } = await look(made);
    expect(problems).toContainEqual({
      object: `keys/${id}`,
      what: `The backup store ${made.root} has no keys/${id}.`,
      snapshots: [id],
    });
    expect(problems).toContainEqual({
      object: `packs/${packs[0]?.id}`,
      what: expect.stringContaining("it is not as the snapshot says"),
      snapshots: expect.arrayContaining([id, second.id]),
    });
    expect(problems).toHaveLength(2);
  });

  it("names the whole backups beside one that cannot be proved", async ({ expect }) => {
    using data = createDataFolder();
    data.write("one", "hello");
    const made = await createTestStore(data);
    const first = (await made.backup()).header;
    const second = (await made.backup()).header;
    writeFileSync(join(made.root, "snapshots", second.id), "not a snapshot");
    const { headers, unproved } = await readHeaders(made.store, made.key.box.sealKey);
    expect(headers).toEqual([first]);
    expect(unproved).toEqual([
      {
        id: second.id,
        what: `The backup ${second.id} is none that this version of Rockpool knows.`,
      },
    ]);
    expect((await look(made)).snapshots).toEqual([second.id, first.id]);
  });

  it("has what is damaged stored anew by the next backup, once that is known", async ({
    expect,
  }) => {
    using data = createDataFolder();
    data.write("one", "hello");
    const made = await createTestStore(data);
    const [pack] = (await made.backup()).header.packs;
    const id = pack?.id ?? "";
    expect((await made.backup()).header.packs).toEqual([pack]);
    forgetPacks(data.folder, new Set(["0".repeat(32)]));
    expect((await made.backup()).header.packs).toEqual([pack]);
    forgetPacks(data.folder, new Set([id]));
    const { header } = await made.backup();
    expect(header.packs.map((item) => item.id)).not.toContain(id);
    rmSync(join(made.root, "packs", id));
    const { folder } = data;
    const options = { folder, store: made.store, key: made.key, force: true, version: VERSION };
    await restoreSnapshot({ ...options, snapshot: header.id, progress: () => {} });
    expect(data.read()).toEqual({ one: ["hello"] });
  });

  it("is refused by a store that is away", async ({ expect }) => {
    using data = createDataFolder();
    data.write("one", "hello");
    const made = await createTestStore(data);
    await made.backup();
    rmSync(made.root, { recursive: true });
    await expect(look(made)).rejects.toMatchObject({ code: "store/unavailable" });
  });
});
