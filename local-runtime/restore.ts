/** Replaces the data folder's content by a backup, after every byte of the backup was proved beside it. */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "./atomic-file.ts";
import type { Manifest } from "./backup-manifest.ts";
import { type DataFolder, explainFileErrors, listFolder } from "./data-folder.ts";
import { EXIT, HostError, systemCode } from "./host-error.ts";
import { acquireLock } from "./lock.ts";
import { MASTER_KEY_BYTES } from "./master-key.ts";
import { endOrphans } from "./orphans.ts";
import { type Extracted, extractBackup } from "./restore-extract.ts";
import { finishRestore, restoreStaging, swapInRestored } from "./restore-swap.ts";
import { configFile } from "./run-files.ts";

export interface RestoreOptions {
  /** Prepared; the server must be down. */
  folder: DataFolder;
  /** Absolute. */
  archive: string;
  /** Replace data that is there. */
  force: boolean;
  /** Of this Rockpool: a backup of a newer one is refused. */
  version: string;
}

export interface RestoreReport {
  createdAt: string;
  version: string;
  databases: number;
  files: number;
  /** Folder of the objects that were there before. */
  keptAs?: string;
}

/** Throws backup/*, restore/*, data/*. Nothing is replaced unless all of the backup is whole. */
export async function runRestore(options: RestoreOptions): Promise<RestoreReport> {
  const { folder, archive } = options;
  if (!statSync(archive, { throwIfNoEntry: false })?.isFile())
    throw new HostError({
      code: "restore/no_archive",
      message: `There is no file at ${archive}.`,
      fix: "Give the path of a file that `npx rockpool backup` wrote.",
    });
  const lock = acquireLock(folder.root, "restore");
  try {
    await endOrphans(configFile(folder));
    finishRestore(folder);
    const masterKey = readMasterKey(folder);
    refuseReplacing(options);
    const staging = restoreStaging(folder);
    try {
      explainFileErrors(folder.root, () =>
        mkdirSync(join(staging, "objects"), { recursive: true, mode: 0o700 }),
      );
      const { manifest, databases } = await extract(options, staging, masterKey);
      writeFileAtomic(join(staging, "master.key.id"), `${manifest.masterKeyId}\n`);
      const keptAs = swapInRestored(folder, Date.now());
      return {
        createdAt: manifest.createdAt,
        version: manifest.version,
        databases,
        files: manifest.files.length,
        ...(keptAs === undefined ? {} : { keptAs }),
      };
    } finally {
      if (!existsSync(join(staging, "commit.json")))
        rmSync(staging, { recursive: true, force: true });
    }
  } finally {
    lock.release();
  }
}

async function extract(
  { folder, archive, version }: RestoreOptions,
  staging: string,
  masterKey: Uint8Array,
): Promise<Extracted> {
  try {
    return await extractBackup(archive, staging, masterKey, (list) => refuseNewer(list, version));
  } catch (error) {
    return explainFileErrors(folder.root, () => {
      throw error;
    });
  }
}

/** The key as it lies there: its id is checked against the backup's, not against the data that is replaced. */
function readMasterKey(folder: DataFolder): Buffer {
  try {
    const key = readFileSync(folder.masterKey);
    if (key.length === MASTER_KEY_BYTES) return key;
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
  throw new HostError({
    code: "restore/no_key",
    message: `There is no usable master key at ${folder.masterKey}.`,
    fix: "Put the master.key that you kept with this backup there, then run this again.",
    exitStatus: EXIT.config,
  });
}

function refuseReplacing({ folder, force }: RestoreOptions): void {
  if (force || listFolder(folder.objects).length === 0) return;
  throw new HostError({
    code: "restore/would_replace",
    message: `${folder.root} holds data already.`,
    fix: "Add --force to replace it; what is there now is kept in a folder beside it.",
  });
}

/** A newer Rockpool may have changed what the databases look like; an older one's are migrated at the next start. */
function refuseNewer(manifest: Manifest, version: string): void {
  if (compareVersions(manifest.version, version) <= 0) return;
  throw new HostError({
    code: "restore/newer_version",
    message: `The backup was made by Rockpool ${manifest.version}; this is ${version}.`,
    fix: "Update Rockpool to that version or a newer one, then run this again.",
  });
}

/** By the three numbers of each; below 0 where the first is older. */
function compareVersions(one: string, other: string): number {
  const numbers = (version: string) => version.split(/[.-]/, 3).map(Number);
  const theirs = numbers(other);
  const difference = numbers(one).map((number, index) => number - (theirs[index] ?? 0));
  return difference.find((value) => value !== 0) ?? 0;
}
