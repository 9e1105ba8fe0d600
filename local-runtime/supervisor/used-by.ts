/**
 * `<data>/used-by.json`: which Rockpool used the data last. It tells an upgrade from a mere restart, and an older program
 * that it is older.
 */
import { readFileSync } from "node:fs";
import * as v from "valibot";
import { writeFileAtomic } from "../atomic-file.ts";
import type { DataFolder } from "../data-folder.ts";
import { EXIT, HostError } from "../host-error.ts";
import { compareVersions } from "../versions.ts";

const UsedBySchema = v.strictObject({
  version: v.pipe(v.string(), v.regex(/^\d+\.\d+\.\d+(?:-[\w.]+)?$/)),
  /** Fingerprint of the Worker; empty where the data was put there by a restore. */
  build: v.string(),
});

export type UsedBy = v.InferOutput<typeof UsedBySchema>;

/** Undefined for data from before this was written down. */
export function loadUsedBy(folder: DataFolder): UsedBy | undefined {
  try {
    return v.parse(UsedBySchema, JSON.parse(readFileSync(folder.usedBy, "utf8")));
  } catch {
    return undefined;
  }
}

export function renderUsedBy(usedBy: UsedBy): string {
  return `${JSON.stringify(usedBy)}\n`;
}

export function writeUsedBy(folder: DataFolder, usedBy: UsedBy): void {
  writeFileAtomic(folder.usedBy, renderUsedBy(usedBy));
}

/** Throws data/newer. */
export function refuseNewerData(folder: DataFolder, version: string): void {
  const used = loadUsedBy(folder);
  if (!used || compareVersions(used.version, version) <= 0) return;
  throw new HostError({
    code: "data/newer",
    message: `The data in ${folder.root} was last used by Rockpool ${used.version}; this is ${version}.`,
    fix: `Install that version again, or go back with an archive from before the upgrade: npx rockpool restore --force ${folder.backups}/before-upgrade-….tar.gz`,
    exitStatus: EXIT.config,
  });
}
