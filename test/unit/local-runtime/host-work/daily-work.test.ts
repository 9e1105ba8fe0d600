/** The daily work of a running server, with the real commands in processes of their own. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "vitest";
import {
  makeRecoveryKey,
  writeBoxKeys,
} from "../../../../local-runtime/backup-store/recovery-key.ts";
import { RETRY_MS } from "../../../../local-runtime/host-work/daily-schedule.ts";
import { type DailyEvent, DailyWork } from "../../../../local-runtime/host-work/daily-work.ts";
import { loadHostChecks } from "../../../../local-runtime/host-work/host-checks.ts";
import type { KeyedFolder } from "../../../../local-runtime/keys/master-key.ts";
import { createDataFolder } from "../../../support/data-folder.ts";
import { PROJECT_ROOT } from "../../../support/project-files.ts";

const DAY_MS = 86_400_000;

function createWork(data: { folder: KeyedFolder }, place: string) {
  const world = { aheadMs: 0, ended: () => {} };
  const events: DailyEvent[] = [];
  process.env.ROCKPOOL_DATA = data.folder.root;
  process.env.ROCKPOOL_BACKUP_TO = place;
  const work = new DailyWork({
    root: PROJECT_ROOT,
    folder: data.folder,
    options: {
      ROCKPOOL_BACKUP_TO: place,
      ROCKPOOL_BACKUP_AT: "00:00",
      ROCKPOOL_TIME_ZONE: "UTC",
    },
    nowMs: () => Date.now() + world.aheadMs,
    onEvent: (event) => void events.push(event),
    onDone: () => world.ended(),
  });
  /** Looks at the clock, and waits for what was begun. */
  const tick = async () => {
    const before = events.length;
    const ended = new Promise<void>((resolve) => {
      world.ended = resolve;
    });
    work.tick();
    if (events.length > before) await ended;
    return events.slice(before).map((event) => `${event.type} ${event.work}`);
  };
  return { work, world, tick, events };
}

describe("the daily work of a running server", () => {
  it("checks every database, once a day", { timeout: 60_000 }, async ({ expect }) => {
    using data = createDataFolder();
    data.write("one", "hello");
    const { tick, world } = createWork(data, "");
    expect(await tick()).toEqual(["host:daily_begun integrity", "host:daily_done integrity"]);
    expect(loadHostChecks(data.folder)).toEqual({
      integrity: { checkedAtMs: expect.any(Number), databases: 1, broken: 0 },
    });
    expect(await tick()).toEqual([]);
    world.aheadMs = DAY_MS;
    expect(await tick()).toHaveLength(2);
  });

  it("finds a damaged page, and reports it", { timeout: 60_000 }, async ({ expect }) => {
    using data = createDataFolder();
    for (let row = 0; row < 200; row += 1) data.write("one", "x".repeat(500));
    data.write("two", "whole");
    const path = join(data.folder.objects, "session", "one.sqlite");
    const bytes = readFileSync(path);
    bytes.fill(0xff, 3 * 4096, 3 * 4096 + 16);
    writeFileSync(path, bytes);
    const { tick, events } = createWork(data, "");
    expect(await tick()).toEqual(["host:daily_begun integrity", "host:daily_failed integrity"]);
    expect(events.at(-1)).toMatchObject({ reason: "1 databases are damaged" });
    expect(loadHostChecks(data.folder)?.integrity).toMatchObject({ databases: 2, broken: 1 });
  });

  it("backs up where a store is set, which checks the databases too", {
    timeout: 60_000,
  }, async ({ expect }) => {
    using data = createDataFolder();
    data.write("one", "hello");
    const store = join(data.outside, "store");
    const { tick, world, events } = createWork(data, store);
    // Nobody made a recovery key, and the folder is not there: said once an hour, and the databases are checked all the same.
    expect(await tick()).toEqual(["host:daily_begun backup", "host:daily_failed backup"]);
    expect(events.at(-1)).toMatchObject({ reason: expect.stringContaining("recovery key") });
    expect(await tick()).toEqual(["host:daily_begun integrity", "host:daily_done integrity"]);
    expect(await tick()).toEqual([]);
    expect(loadHostChecks(data.folder)?.backup).toEqual({
      triedAtMs: expect.any(Number),
      failureCode: "recovery/none",
    });
    mkdirSync(store);
    writeBoxKeys(data.folder, (await makeRecoveryKey()).box);
    world.aheadMs = RETRY_MS;
    expect(await tick()).toEqual(["host:daily_begun backup", "host:daily_done backup"]);
    expect(loadHostChecks(data.folder)?.backup).toMatchObject({
      succeededAtMs: expect.any(Number),
    });
    expect(loadHostChecks(data.folder)?.backup?.failureCode).toBeUndefined();
  });

  it("backs up with a master key that is in no file", { timeout: 60_000 }, async ({ expect }) => {
    using data = createDataFolder();
    data.write("one", "hello");
    const store = join(data.outside, "store");
    mkdirSync(store);
    writeBoxKeys(data.folder, (await makeRecoveryKey()).box);
    const heldKey = readFileSync(data.folder.masterKey);
    rmSync(data.folder.masterKey);
    const { tick } = createWork({ ...data, folder: { ...data.folder, heldKey } }, store);
    expect(await tick()).toEqual(["host:daily_begun backup", "host:daily_done backup"]);
  });
});
