/** Whether a disk has room, asked before anything is written. */
import { statfsSync, statSync } from "node:fs";
import { EXIT, HostError } from "../host-error.ts";

/** Left free for the server itself, which goes on writing. */
export const RESERVE_BYTES = 32 * 1024 * 1024;

/** Throws backup/no_space where the folder's disk has less than this, and the reserve, left. */
export function verifySpace(folder: string, neededBytes: number): void {
  const { bavail, bsize } = statfsSync(folder);
  const freeBytes = bavail * bsize;
  if (freeBytes >= neededBytes + RESERVE_BYTES) return;
  throw new HostError({
    code: "backup/no_space",
    message: `The disk of ${folder} has ${megabytes(freeBytes)} free; ${megabytes(neededBytes + RESERVE_BYTES)} are needed.`,
    fix: "Free some space (df -h shows how much is left), then run this again. Nothing was changed.",
    exitStatus: EXIT.cannotCreate,
  });
}

export function isSameDisk(one: string, other: string): boolean {
  return statSync(one).dev === statSync(other).dev;
}

export function megabytes(sizeBytes: number): string {
  return `${(sizeBytes / 1_000_000).toFixed(1)} MB`;
}
