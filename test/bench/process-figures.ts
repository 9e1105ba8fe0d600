/** What Linux knows of a process: its memory, its processor time, its children. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** USER_HZ: the unit of times in /proc, the same on every Linux. */
const TICKS_PER_SECOND = 100;
const SETTLE_WINDOW_MS = 250;
const SETTLE_SHARE = 0.06;
const SETTLE_TIMEOUT_MS = 30_000;

export function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  if (kilobytes === undefined) throw new Error(`There is no memory of process ${pid}.`);
  return Number(kilobytes) * 1024;
}

/** Files that a process of this machine may have open. */
export function openFilesLimit(): number {
  const limit = /^Max open files +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
  return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit);
}

/** Open files of a process, by their paths. */
export function openFiles(pid: number): string[] {
  const descriptors = `/proc/${pid}/fd`;
  return readdirSync(descriptors).flatMap((name) => {
    try {
      return readlinkSync(`${descriptors}/${name}`);
    } catch {
      return []; // it has been closed meanwhile
    }
  });
}

/** Fields of /proc/<pid>/stat after the command's name, which may hold anything. */
function statFields(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** User and system time so far, in steps of 10 ms. */
export function processorMs(pid: number): number {
  const fields = statFields(pid);
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}

/** All processes below this one. */
export function descendants(pid: number): number[] {
  const parents = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return [{ pid: Number(name), parent: Number(statFields(Number(name))[1]) }];
      } catch {
        return []; // it has ended meanwhile
      }
    });
  const below = (above: number): number[] =>
    parents.filter(({ parent }) => parent === above).flatMap((one) => [one.pid, ...below(one.pid)]);
  return below(pid);
}

/** Waits until a process has hardly anything to do any more. */
export async function settle(pid: number): Promise<void> {
  const endMs = performance.now() + SETTLE_TIMEOUT_MS;
  let quiet = 0;
  while (quiet < 2) {
    if (performance.now() > endMs) throw new Error(`Process ${pid} does not come to rest.`);
    const before = processorMs(pid);
    await sleep(SETTLE_WINDOW_MS);
    quiet = processorMs(pid) - before <= SETTLE_WINDOW_MS * SETTLE_SHARE ? quiet + 1 : 0;
  }
}
