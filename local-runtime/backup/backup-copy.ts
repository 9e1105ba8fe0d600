/**
 * Copies a folder of files in two passes: one while its writer runs, and a short one while the writer stands still, which
 * takes only what the first cannot have got right.
 */
import { constants, copyFileSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { HostError, systemCode } from "../host-error.ts";

/** SQLite's shared memory: rebuilt from the log at the next opening, and of no meaning without its process. */
const SHARED_MEMORY_SUFFIX = "-shm";
/** A file touched this shortly before it was read may have been written again within the clock's resolution. */
const SETTLED_MS = 2_000;

/** What a file looked like before it was copied. */
interface Seen {
  size: bigint;
  modifiedNs: bigint;
  inode: bigint;
  /** True where the file was at rest, so that an equal look means equal content. */
  settled: boolean;
}

export type Pass = Map<string, Seen>;

/** Paths of all regular files below the folder, relative to it, with slashes. */
export function listFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith(SHARED_MEMORY_SUFFIX))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .sort();
}

/** Copies all while the writer goes on: what comes of it is of use to {@link copyChanged} only. */
export function copyAll(from: string, to: string): Pass {
  return copyChanged(from, to, new Map(), Number.POSITIVE_INFINITY);
}

/**
 * Makes `to` equal to `from`, which stands still, trusting what `earlier` says of the files in `to`. Throws
 * backup/too_slow when the clock passes the deadline.
 */
export function copyChanged(from: string, to: string, earlier: Pass, deadlineMs: number): Pass {
  const pass: Pass = new Map();
  for (const path of listFiles(from)) {
    if (Date.now() > deadlineMs) throw tooSlow();
    const seen = look(join(from, path));
    if (!seen) continue;
    const before = earlier.get(path);
    const isCopied = before?.settled && isSame(before, seen);
    if (isCopied || copyFile(join(from, path), join(to, path))) pass.set(path, seen);
  }
  for (const path of earlier.keys()) if (!pass.has(path)) rmSync(join(to, path), { force: true });
  return pass;
}

function look(path: string): Seen | undefined {
  const settledBeforeMs = Date.now() - SETTLED_MS;
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (!stat) return undefined;
  const settled = Number(stat.mtimeMs) < settledBeforeMs;
  return { size: stat.size, modifiedNs: stat.mtimeNs, inode: stat.ino, settled };
}

function isSame(one: Seen, other: Seen): boolean {
  return (
    one.size === other.size && one.modifiedNs === other.modifiedNs && one.inode === other.inode
  );
}

/** Shares the blocks where the file system can (Btrfs, XFS, APFS). False where the file has gone. */
function copyFile(from: string, to: string): boolean {
  mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
  try {
    copyFileSync(from, to, constants.COPYFILE_FICLONE);
    return true;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false;
    throw error;
  }
}

function tooSlow(): HostError {
  return new HostError({
    code: "backup/too_slow",
    message: "The server would have to stand still too long for a backup, so it was let go on.",
    fix: "Run it again when less is written, or stop the server (`npx rockpool down`) and run it then.",
  });
}
