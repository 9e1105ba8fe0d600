/**
 * A copy of the data folder's objects as they are at one moment, of a running server too: copy, pause, copy what changed,
 * go on. What a backup is made from, and what an integrity check looks at.
 */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type DataFolder, explainFileErrors, listFolder } from "../data-folder.ts";
import { EXIT, HostError } from "../host-error.ts";
import { acquireLock, findHolder, tryLockFile } from "../supervisor/lock.ts";
import { findWorkerds } from "../supervisor/orphans.ts";
import { configFile } from "../supervisor/run-files.ts";
import { copyAll, copyChanged } from "./backup-copy.ts";
import { runWhilePaused } from "./backup-pause.ts";
import { finishRestore } from "./restore-swap.ts";

/** Longest time that the server may stand still. */
const MAX_PAUSE_MS = 10_000;
const STAGING = ".backup";

export interface ConsistentCopy {
  /** Folder with `objects/` in it; goes when the work is done. */
  staging: string;
  /** When it was taken. */
  atMs: number;
  /** How long the server stood still; absent where it was not running. */
  pauseMs?: number;
}

/**
 * One at a time for a data folder. Throws backup/no_data, backup/another_runs, backup/server_changing and data/*; leaves
 * nothing behind. `verifyRoom` is asked before anything is copied.
 */
export async function runOnCopy<Result>(
  folder: DataFolder,
  verifyRoom: () => void,
  work: (copy: ConsistentCopy) => Promise<Result>,
): Promise<Result> {
  if (listFolder(folder.objects).length === 0) throw noData(folder);
  const lock = explainFileErrors(folder.root, () => {
    mkdirSync(folder.run, { recursive: true, mode: 0o700 });
    return tryLockFile(join(folder.run, "backup.lock"), 0);
  });
  if (!lock) throw anotherRuns();
  const staging = join(folder.root, STAGING);
  try {
    const atMs = Date.now();
    explainFileErrors(folder.root, () => {
      rmSync(staging, { recursive: true, force: true });
      mkdirSync(join(staging, "objects"), { recursive: true, mode: 0o700 });
    });
    verifyRoom();
    const pauseMs = await takeCopy(folder, join(staging, "objects"));
    return await work({ staging, atMs, ...(pauseMs === undefined ? {} : { pauseMs }) });
  } finally {
    rmSync(staging, { recursive: true, force: true });
    lock.close();
  }
}

export function noData(folder: DataFolder): HostError {
  return new HostError({
    code: "backup/no_data",
    message: `There is no data to back up in ${folder.root}.`,
    fix: "Start the server once (`npm start`), or set ROCKPOOL_DATA to the folder that holds the data.",
  });
}

/** Answers how long the server stood still; undefined where it was not running. */
async function takeCopy(folder: DataFolder, copy: string): Promise<number | undefined> {
  const holder = findHolder(folder.root);
  const [pid, ...others] = findWorkerds(configFile(folder));
  if (pid === undefined) {
    // Nobody serves: hold the folder, so that nobody begins to. Throws where something else works on it.
    const held = acquireLock(folder.root, "backup");
    try {
      finishRestore(folder);
      explainFileErrors(folder.root, () => copyAll(folder.objects, copy));
      return undefined;
    } finally {
      held.release();
    }
  }
  if (others.length > 0 || (holder && holder.purpose !== "up")) throw isChanging();
  const earlier = explainFileErrors(folder.root, () => copyAll(folder.objects, copy));
  const { pauseMs } = await runWhilePaused(pid, () => {
    if (findWorkerds(configFile(folder)).length !== 1) throw isChanging();
    const deadlineMs = Date.now() + MAX_PAUSE_MS;
    explainFileErrors(folder.root, () => copyChanged(folder.objects, copy, earlier, deadlineMs));
  });
  return pauseMs;
}

function anotherRuns(): HostError {
  return new HostError({
    code: "backup/another_runs",
    message: "Another backup of this data folder is running.",
    fix: "Wait for it to end, then run this again if you still need it.",
    exitStatus: EXIT.temporary,
  });
}

function isChanging(): HostError {
  return new HostError({
    code: "backup/server_changing",
    message: "The server is starting or ending.",
    fix: "Wait a few seconds, then run this again.",
    exitStatus: EXIT.temporary,
  });
}
