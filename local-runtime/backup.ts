/**
 * A backup of the data folder, of a running server too: copy, pause, copy what changed, go on, then prove each database
 * whole and write one archive. The master key is not in it; what is in it is sealed by that key.
 */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { syncFolder } from "./atomic-file.ts";
import { type ArchiveSource, writeArchive } from "./backup-archive.ts";
import { copyAll, copyChanged, listFiles } from "./backup-copy.ts";
import { folderBytes, settleDatabases } from "./backup-databases.ts";
import { type BackupFile, MANIFEST_NAME, SEAL_NAME, sealManifest } from "./backup-manifest.ts";
import { runWhilePaused } from "./backup-pause.ts";
import { isSameDisk, verifySpace } from "./backup-space.ts";
import { type DataFolder, explainFileErrors, listFolder } from "./data-folder.ts";
import { loadEgressOrigins } from "./egress-grants.ts";
import { EXIT, HostError, systemCode } from "./host-error.ts";
import { acquireLock, findHolder, tryLockFile } from "./lock.ts";
import { loadMasterKey, masterKeyId } from "./master-key.ts";
import { findWorkerds } from "./orphans.ts";
import { finishRestore } from "./restore-swap.ts";
import { configFile } from "./run-files.ts";

/** Longest time that the server may stand still. */
const MAX_PAUSE_MS = 10_000;
const STAGING = ".backup";
const UNFINISHED_SUFFIX = ".unfinished";

export interface BackupOptions {
  folder: DataFolder;
  /** Where the archive goes, absolute. */
  archive: string;
  version: string;
}

export interface BackupReport {
  archive: string;
  createdAt: string;
  archiveBytes: number;
  dataBytes: number;
  databases: number;
  masterKeyId: string;
  /** How long the server stood still; absent where it was not running. */
  pauseMs?: number;
}

/** Throws backup/*, data/*, key/*. Leaves nothing behind but the archive. */
export async function runBackup(options: BackupOptions): Promise<BackupReport> {
  const { folder, archive } = options;
  const masterKey = verifyReady(options);
  const lock = explainFileErrors(folder.root, () => {
    mkdirSync(folder.run, { recursive: true, mode: 0o700 });
    return tryLockFile(join(folder.run, "backup.lock"), 0);
  });
  if (!lock) throw anotherRuns();
  const staging = join(folder.root, STAGING);
  try {
    const createdAt = new Date().toISOString();
    makeStaging(staging, folder);
    verifyRoom(folder, archive);
    const pauseMs = await takeCopy(folder, staging);
    const databases = explainFileErrors(folder.root, () => settleDatabases(staging));
    const files = await describeFiles(staging, folder);
    const sources = files.map(({ path, sizeBytes, content }) => ({ path, sizeBytes, content }));
    const list = files.map(({ path, sizeBytes, sha256 }) => ({ path, sizeBytes, sha256 }));
    const sealed = sealManifest({ version: options.version, createdAt, files: list }, masterKey);
    await writeWhole(archive, [
      { path: MANIFEST_NAME, sizeBytes: sealed.manifest.length, content: sealed.manifest },
      { path: SEAL_NAME, sizeBytes: sealed.seal.length, content: sealed.seal },
      ...sources,
    ]);
    return {
      archive,
      createdAt,
      archiveBytes: statSync(archive).size,
      dataBytes: list.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      databases,
      masterKeyId: masterKeyId(masterKey),
      ...(pauseMs === undefined ? {} : { pauseMs }),
    };
  } finally {
    rmSync(staging, { recursive: true, force: true });
    lock.close();
  }
}

/** Throws where there is nothing to back up, no key to seal with, or something at the archive's place. */
function verifyReady({ folder, archive }: BackupOptions): Buffer {
  const masterKey = loadMasterKey(folder);
  if (!masterKey || listFolder(folder.objects).length === 0)
    throw new HostError({
      code: "backup/no_data",
      message: `There is no data to back up in ${folder.root}.`,
      fix: "Start the server once (`npm start`), or set ROCKPOOL_DATA to the folder that holds the data.",
    });
  if (existsSync(archive))
    throw new HostError({
      code: "backup/exists",
      message: `There is a file at ${archive} already.`,
      fix: "Choose another place with --out.",
      exitStatus: EXIT.cannotCreate,
    });
  return masterKey;
}

function makeStaging(staging: string, folder: DataFolder): void {
  explainFileErrors(folder.root, () => {
    rmSync(staging, { recursive: true, force: true });
    mkdirSync(join(staging, "objects"), { recursive: true, mode: 0o700 });
  });
}

function verifyRoom(folder: DataFolder, archive: string): void {
  const place = dirname(archive);
  if (!existsSync(place)) throw cannotWrite(archive);
  const sizeBytes = folderBytes(folder.objects);
  const isShared = isSameDisk(folder.root, place);
  verifySpace(folder.root, isShared ? 2 * sizeBytes : sizeBytes);
  if (!isShared) verifySpace(place, sizeBytes);
}

/** Answers how long the server stood still; undefined where it was not running. */
async function takeCopy(folder: DataFolder, staging: string): Promise<number | undefined> {
  const copy = join(staging, "objects");
  const holder = findHolder(folder.root);
  const [pid, ...others] = findWorkerds(configFile(folder));
  if (pid === undefined) {
    // Nobody serves: hold the folder, so that nobody begins to. Throws where something else works on it.
    const held = acquireLock(folder.root, "backup");
    try {
      finishRestore(folder);
      explainFileErrors(folder.root, () => copyAll(folder.objects, copy));
      return undefined;
    } finally {
      held.release();
    }
  }
  if (others.length > 0 || (holder && holder.purpose !== "up")) throw isChanging();
  const earlier = explainFileErrors(folder.root, () => copyAll(folder.objects, copy));
  const { pauseMs } = await runWhilePaused(pid, () => {
    if (findWorkerds(configFile(folder)).length !== 1) throw isChanging();
    const deadlineMs = Date.now() + MAX_PAUSE_MS;
    explainFileErrors(folder.root, () => copyChanged(folder.objects, copy, earlier, deadlineMs));
  });
  return pauseMs;
}

async function describeFiles(
  staging: string,
  folder: DataFolder,
): Promise<(BackupFile & ArchiveSource)[]> {
  const files: (BackupFile & ArchiveSource)[] = [];
  for (const path of listFiles(staging)) {
    const file = join(staging, path);
    const hash = createHash("sha256");
    for await (const chunk of createReadStream(file)) hash.update(chunk);
    const sha256 = hash.digest("hex");
    files.push({ path, sizeBytes: statSync(file).size, sha256, content: { file } });
  }
  const egress = Buffer.from(`${JSON.stringify({ origins: loadEgressOrigins(folder) })}\n`);
  const sha256 = createHash("sha256").update(egress).digest("hex");
  files.push({ path: "egress.json", sizeBytes: egress.length, sha256, content: egress });
  return files;
}

/** The archive is there whole or not at all. */
async function writeWhole(archive: string, entries: readonly ArchiveSource[]): Promise<void> {
  const unfinished = `${archive}${UNFINISHED_SUFFIX}`;
  try {
    rmSync(unfinished, { force: true });
    await writeArchive(unfinished, entries, Date.now());
    renameSync(unfinished, archive);
    syncFolder(dirname(archive));
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw systemCode(error) === undefined ? error : cannotWrite(archive, error);
  }
}

function cannotWrite(archive: string, cause?: unknown): HostError {
  const reason = systemCode(cause) ?? "its folder is missing";
  return new HostError({
    code: "backup/cannot_write",
    message: `The archive cannot be written to ${archive} (${reason}).`,
    fix: "Choose a folder that exists, that you may write to and that has room, with --out.",
    exitStatus: EXIT.cannotCreate,
    cause,
  });
}

function anotherRuns(): HostError {
  return new HostError({
    code: "backup/another_runs",
    message: "Another backup of this data folder is running.",
    fix: "Wait for it to end, then run this again if you still need it.",
    exitStatus: EXIT.temporary,
  });
}

function isChanging(): HostError {
  return new HostError({
    code: "backup/server_changing",
    message: "The server is starting or ending.",
    fix: "Wait a few seconds, then run this again.",
    exitStatus: EXIT.temporary,
  });
}
