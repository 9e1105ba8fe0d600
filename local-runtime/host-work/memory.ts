/** How much memory this box has for its programs: the container's limit where that is lower than the machine's. */
import { readFileSync } from "node:fs";
import { totalmem } from "node:os";

/** Where Linux states the limit of the own control group: version 2, then version 1. */
const LIMIT_FILES = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];

export function memoryBytes(
  limitFiles: readonly string[] = LIMIT_FILES,
  total = totalmem(),
): number {
  return Math.min(total, ...limitFiles.map(readLimit));
}

function readLimit(path: string): number {
  try {
    const limit = Number.parseInt(readFileSync(path, "utf8"), 10); // "max" where there is none
    return Number.isFinite(limit) && limit > 0 ? limit : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
