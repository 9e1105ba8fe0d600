/**
 * What a process asks of the disk, as strace tells it, and the disk as a power cut leaves it: what was synced is there, what was
 * not may be there, in part, or not at all. Names follow a file system that keeps their order (ext4, XFS): a sync makes all earlier
 * ones last.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { until } from "./rockpool-process.ts";

export type DiskCall = { atMs: number; path: string } & (
  | { kind: "write"; offset: number; bytes: Buffer }
  | { kind: "truncate"; sizeBytes: number }
  | { kind: "sync" }
  | { kind: "create" }
  | { kind: "remove" }
);

const CALLS = "pwrite64,fsync,fdatasync,ftruncate,unlink,unlinkat,openat";
const HEX = String.raw`"((?:\\x[0-9a-f]{2})*)"`;
const FILE = String.raw`\d+<((?:\\x[0-9a-f]{2})*)>`;
const LINE = /^\d+ +(\d+\.\d+) (\w+)\((.*)\) = (.*)$/;
/** The smallest part of a write that a disk keeps whole. */
const SECTOR_BYTES = 512;

function unhex(text: string | undefined): Buffer {
  return Buffer.from((text ?? "").replaceAll("\\x", ""), "hex");
}

/** Why disk calls cannot be traced here; undefined where they can. */
export function whyNoTrace(): string | undefined {
  const { status, error, stderr } = spawnSync("strace", ["-o", "/dev/null", "true"], {
    encoding: "utf8",
  });
  if (error) return "strace is not installed";
  return status === 0 ? undefined : `strace may not trace: ${stderr.trim()}`;
}

export interface DiskTrace {
  /** Ends the tracing; what was asked below `folder` meanwhile, in order. */
  stop(folder: string): Promise<DiskCall[]>;
}

/** Settles when every thread of the process is traced. */
export async function traceDisk(pid: number, file: string): Promise<DiskTrace> {
  const args = ["-f", "-y", "-ttt", "-xx", "-s", "4194304", "-e", `trace=${CALLS}`, "-o", file];
  const child: ChildProcess = spawn("strace", [...args, "-p", String(pid)], { stdio: "ignore" });
  const threads = readdirSync(`/proc/${pid}/task`);
  const isTraced = (thread: string) =>
    !readFileSync(`/proc/${pid}/task/${thread}/status`, "utf8").includes("TracerPid:\t0");
  await until(() => threads.every(isTraced), "strace");
  return {
    async stop(folder) {
      child.kill("SIGINT");
      await once(child, "close");
      return parseTrace(readFileSync(file, "utf8"), folder);
    },
  };
}

/** A call that another thread interrupts is written in two halves: it counts where it ends. */
function joinHalves(text: string): string[] {
  const begun = new Map<string, string>();
  return text.split("\n").flatMap((line) => {
    const [pid = ""] = line.split(" ", 1);
    if (line.endsWith(" <unfinished ...>")) {
      begun.set(pid, line.slice(0, -" <unfinished ...>".length));
      return [];
    }
    const resumed = /^\d+ +(\d+\.\d+) <\.\.\. \w+ resumed>(.*)$/.exec(line);
    if (!resumed) return [line];
    const [, at = "", rest = ""] = resumed;
    return [(begun.get(pid) ?? "").replace(/ \d+\.\d+ /, ` ${at} `) + rest];
  });
}

function parseTrace(text: string, folder: string): DiskCall[] {
  return joinHalves(text)
    .flatMap(parseLine)
    .filter(({ path }) => path.startsWith(folder) && !path.endsWith("-shm"));
}

function parseLine(line: string): DiskCall[] {
  const [, seconds, name, args = "", result = ""] = LINE.exec(line) ?? [];
  if (name === undefined || result.startsWith("-")) return [];
  const atMs = Number(seconds) * 1000;
  const [, path] = new RegExp(`^${FILE}`).exec(args) ?? [];
  const at = { atMs, path: unhex(path).toString() };
  switch (name) {
    case "pwrite64": {
      const [, bytes, offset] = new RegExp(`^${FILE}, ${HEX}, \\d+, (\\d+)$`)
        .exec(args)
        ?.slice(1) ?? [undefined, undefined, undefined];
      return [{ ...at, kind: "write", bytes: unhex(bytes), offset: Number(offset) }];
    }
    case "ftruncate":
      return [{ ...at, kind: "truncate", sizeBytes: Number(args.split(", ")[1]) }];
    case "fsync":
    case "fdatasync":
      return [{ ...at, kind: "sync" }];
    case "unlink":
    case "unlinkat": {
      const [, named] = new RegExp(HEX).exec(args) ?? [];
      return [{ ...at, kind: "remove", path: join(at.path, unhex(named).toString()) }];
    }
    default: {
      const [, opened] = new RegExp(`^${FILE}`).exec(result) ?? [];
      const isCreated = args.includes("O_CREAT") && opened !== undefined;
      return isCreated ? [{ atMs, kind: "create", path: unhex(opened).toString() }] : [];
    }
  }
}

type Change = Extract<DiskCall, { kind: "write" | "truncate" }>;
type Naming = Extract<DiskCall, { kind: "create" | "remove" }>;

/** Files by their paths. */
export type Disk = Map<string, Buffer>;

/** Every file below the folder, but SQLite's shared memory, which no restart reads. */
export function readDisk(folder: string): Disk {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const paths = names.map((name) => join(folder, name));
  const files = paths.filter((path) => statSync(path).isFile() && !path.endsWith("-shm"));
  return new Map(files.map((path) => [path, readFileSync(path)]));
}

/** Writes the disk's files below another folder. */
export function writeDisk(disk: Disk, from: string, to: string): void {
  for (const [path, bytes] of disk) {
    const target = join(to, path.slice(from.length));
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    writeFileSync(target, bytes, { mode: 0o600 });
  }
}

function applyChange(bytes: Buffer, change: Change): Buffer {
  const end = change.kind === "truncate" ? change.sizeBytes : change.offset + change.bytes.length;
  const sizeBytes = change.kind === "truncate" ? end : Math.max(end, bytes.length);
  const changed = Buffer.alloc(sizeBytes);
  bytes.copy(changed);
  if (change.kind === "write") change.bytes.copy(changed, change.offset);
  return changed;
}

/** All of a change, a part of it that ends with a sector, or nothing. `random` gives numbers from 0 to 1. */
function cutChange(change: Change, random: () => number): Change[] {
  const draw = random();
  if (draw < 0.4) return [];
  if (draw < 0.8 || change.kind === "truncate") return [change];
  const sectors = Math.floor(random() * (change.bytes.length / SECTOR_BYTES));
  return [{ ...change, bytes: change.bytes.subarray(0, sectors * SECTOR_BYTES) }];
}

/** The disk after these calls and a power cut. */
export function cutPower(before: Disk, calls: readonly DiskCall[], random: () => number): Disk {
  const synced: Disk = new Map(before);
  const names = new Set(before.keys());
  const pending = new Map<string, Change[]>();
  let namings: Naming[] = [];
  const settle = (naming: Naming) =>
    naming.kind === "create" ? names.add(naming.path) : names.delete(naming.path);
  const keep = (path: string, changes: readonly Change[]) =>
    synced.set(path, changes.reduce(applyChange, synced.get(path) ?? Buffer.alloc(0)));
  for (const call of calls) {
    if (call.kind === "create" || call.kind === "remove") namings.push(call);
    else if (call.kind === "sync") {
      for (const naming of namings) settle(naming);
      namings = [];
      keep(call.path, pending.get(call.path) ?? []);
      pending.delete(call.path);
    } else pending.set(call.path, [...(pending.get(call.path) ?? []), call]);
  }
  for (const naming of namings.slice(0, Math.floor(random() * (namings.length + 1))))
    settle(naming);
  for (const [path, changes] of pending)
    keep(
      path,
      changes.flatMap((change) => cutChange(change, random)),
    );
  return new Map([...synced].filter(([path]) => names.has(path)));
}
