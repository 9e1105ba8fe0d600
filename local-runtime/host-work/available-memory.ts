/** How much memory programs can still take: what Linux says is available, or what is free elsewhere. */
import { readFileSync } from "node:fs";
import { freemem } from "node:os";

export function availableBytes(file = "/proc/meminfo"): number {
  try {
    const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync(file, "utf8"))?.[1];
    return kilobytes === undefined ? freemem() : Number(kilobytes) * 1024;
  } catch {
    return freemem();
  }
}
