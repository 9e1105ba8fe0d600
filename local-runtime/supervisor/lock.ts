/**
 * One server for one data folder. The lock is the operating system's own, taken through SQLite on `<data>/run/lock`: it
 * goes when its process does, kill -9 included, so there is no stale lock to judge and no process id to compare.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import * as v from "valibot";
import { writeFileAtomic } from "../atomic-file.ts";
import { EXIT, HostError, systemCode } from "../host-error.ts";

/** findHolder takes the lock for an instant; whoever wants to keep it waits that long. */
const PASSING_LOOK_MS = 200;

const HolderSchema = v.object({
  pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
  /** What it does with the folder: `up`, `migrate`, `restore`. */
  purpose: v.string(),
  sinceMs: v.number(),
});

/** Who works on the data folder. The zero holder stands for one that has not said its name yet. */
export type Holder = v.InferOutput<typeof HolderSchema>;

export interface DataLock {
  release(): void;
}

/** Takes the folder for this process, or throws `data/in_use` that names the holder. */
export function acquireLock(dataDir: string, purpose: string): DataLock {
  const database = tryLockFile(lockPath(dataDir), PASSING_LOOK_MS);
  if (database === undefined) throw inUse(dataDir, readHolder(dataDir));
  writeFileAtomic(
    holderPath(dataDir),
    `${JSON.stringify({ pid: process.pid, purpose, sinceMs: Date.now() })}\n`,
  );
  return { release: () => database.close() };
}

/** The process that holds the folder now; undefined where it is free. */
export function findHolder(dataDir: string): Holder | undefined {
  try {
    const database = tryLockFile(lockPath(dataDir), 0);
    database?.close();
    return database === undefined ? readHolder(dataDir) : undefined;
  } catch (error) {
    if (systemCode(error) === "ERR_SQLITE_ERROR") return undefined; // no folder, so nobody in it
    throw error;
  }
}

/** Holds the file until the database is closed; undefined where another process does. */
export function tryLockFile(path: string, timeout: number): DatabaseSync | undefined {
  const database = new DatabaseSync(path, { timeout });
  try {
    database.exec("BEGIN EXCLUSIVE");
    return database;
  } catch (error) {
    database.close();
    if (error instanceof Error && /locked|busy/.test(error.message)) return undefined;
    throw error;
  }
}

function lockPath(dataDir: string): string {
  return join(dataDir, "run", "lock");
}

function holderPath(dataDir: string): string {
  return join(dataDir, "run", "holder.json");
}

function readHolder(dataDir: string): Holder {
  const unknown: Holder = { pid: 0, purpose: "", sinceMs: 0 };
  try {
    const parsed = v.safeParse(HolderSchema, JSON.parse(readFileSync(holderPath(dataDir), "utf8")));
    return parsed.success ? parsed.output : unknown;
  } catch {
    return unknown;
  }
}

function inUse(dataDir: string, holder: Holder): HostError {
  const who =
    holder.pid === 0
      ? "another process"
      : `process ${holder.pid} (rockpool ${holder.purpose}, since ${new Date(holder.sinceMs).toISOString()})`;
  return new HostError({
    code: "data/in_use",
    message: `The data folder ${dataDir} is in use by ${who}.`,
    fix: "Stop it with `npx rockpool down`, or give this one a folder of its own with ROCKPOOL_DATA.",
    exitStatus: EXIT.temporary,
  });
}
