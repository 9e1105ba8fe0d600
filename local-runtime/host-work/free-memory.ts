/** How much of this box's memory is free: of the container's limit where that is the tighter one. */
import { readFileSync } from "node:fs";

const FILES = {
  meminfo: "/proc/meminfo",
  /** Of the own control group, version 2. */
  max: "/sys/fs/cgroup/memory.max",
  current: "/sys/fs/cgroup/memory.current",
  stat: "/sys/fs/cgroup/memory.stat",
};

/** From 0 to 1. Undefined where the system does not say, as all do that are not Linux. */
export function freeShare(files: Readonly<typeof FILES> = FILES): number | undefined {
  const shares = [machineShare(files), groupShare(files)].filter((share) => share !== undefined);
  return shares.length > 0 ? Math.min(...shares) : undefined;
}

function machineShare({ meminfo }: Readonly<typeof FILES>): number | undefined {
  const text = read(meminfo);
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1]);
  return shareOf(field("MemAvailable"), field("MemTotal"));
}

/** What the group holds of files that nobody uses is given up when memory is needed. */
function groupShare(files: Readonly<typeof FILES>): number | undefined {
  const limit = Number.parseInt(read(files.max), 10); // "max" where there is none
  const inactive = Number(/^inactive_file (\d+)/m.exec(read(files.stat))?.[1] ?? 0);
  const free = limit - Number.parseInt(read(files.current), 10) + inactive;
  return shareOf(free, limit);
}

function shareOf(free: number, total: number): number | undefined {
  const share = free / total;
  return Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : undefined;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
