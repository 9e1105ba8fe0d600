/** Replaces the data folder's content by what a backup holds, once all of that was put together and proved beside it. */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../atomic-file.ts";
import { type DataFolder, explainFileErrors, listFolder } from "../data-folder.ts";
import { HostError } from "../host-error.ts";
import { writeRestoreRecord } from "../host-work/reports.ts";
import { acquireLock } from "../supervisor/lock.ts";
import { endOrphans } from "../supervisor/orphans.ts";
import { configFile } from "../supervisor/run-files.ts";
import { renderUsedBy } from "../supervisor/used-by.ts";
import { compareVersions } from "../versions.ts";
import { finishRestore, restoreStaging, swapInRestored } from "./restore-swap.ts";

export interface Restored {
  createdAt: string;
  /** Of the Rockpool that made the backup. */
  version: string;
  databases: number;
  files: number;
  masterKeyId: string;
}

export interface RestoreReport extends Omit<Restored, "masterKeyId"> {
  /** Folder of the objects that were there before. */
  keptAs?: string;
}

interface ReplaceOptions {
  /** Prepared; the server must be down. */
  folder: DataFolder;
  /** Replace data that is there. */
  force: boolean;
}

/**
 * `fill` writes into the empty staging folder what is to be in the data folder, and throws where anything is wrong with
 * it: nothing is replaced then. Throws restore/would_replace and data/*.
 */
export async function replaceData(
  { folder, force }: ReplaceOptions,
  fill: (staging: string) => Promise<Restored>,
): Promise<RestoreReport> {
  const lock = acquireLock(folder.root, "restore");
  try {
    await endOrphans(configFile(folder));
    finishRestore(folder);
    refuseReplacing(folder, force);
    const staging = restoreStaging(folder);
    try {
      explainFileErrors(folder.root, () =>
        mkdirSync(join(staging, "objects"), { recursive: true, mode: 0o700 }),
      );
      const { masterKeyId, ...report } = await explained(folder, () => fill(staging));
      writeFileAtomic(join(staging, "master.key.id"), `${masterKeyId}\n`);
      const usedBy = renderUsedBy({ version: report.version, build: "" });
      writeFileAtomic(join(staging, "used-by.json"), usedBy);
      const restoredAtMs = Date.now();
      const keptAs = swapInRestored(folder, restoredAtMs);
      writeRestoreRecord(folder, { restoredAtMs, createdAtMs: Date.parse(report.createdAt) });
      return { ...report, ...(keptAs === undefined ? {} : { keptAs }) };
    } finally {
      if (!existsSync(join(staging, "commit.json")))
        rmSync(staging, { recursive: true, force: true });
    }
  } finally {
    lock.release();
  }
}

async function explained<Result>(folder: DataFolder, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    return explainFileErrors(folder.root, () => {
      throw error;
    });
  }
}

function refuseReplacing(folder: DataFolder, force: boolean): void {
  if (force || listFolder(folder.objects).length === 0) return;
  throw new HostError({
    code: "restore/would_replace",
    message: `${folder.root} holds data already.`,
    fix: "Add --force to replace it; what is there now is kept in a folder beside it.",
  });
}

/** A newer Rockpool may have changed what the databases look like; an older one's are migrated at the next start. */
export function refuseNewer(made: string, version: string): void {
  if (compareVersions(made, version) <= 0) return;
  throw new HostError({
    code: "restore/newer_version",
    message: `The backup was made by Rockpool ${made}; this is ${version}.`,
    fix: "Update Rockpool to that version or a newer one, then run this again.",
  });
}
