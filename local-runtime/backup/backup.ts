/**
 * A backup of the data folder as one archive: each database of a consistent copy proved whole, then written. The master key
 * is not in it; what is in it is sealed by that key.
 */
import { createHash } from "node:crypto";
import { existsSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { syncFolder } from "../atomic-file.ts";
import { type DataFolder, explainFileErrors, listFolder } from "../data-folder.ts";
import { loadEgressOrigins } from "../egress/egress-grants.ts";
import { fileSha256 } from "../file-hash.ts";
import { EXIT, HostError, systemCode } from "../host-error.ts";
import { type KeyedFolder, loadSettledKey, masterKeyId } from "../keys/master-key.ts";
import { type ArchiveSource, writeArchive } from "./backup-archive.ts";
import { listFiles } from "./backup-copy.ts";
import { folderBytes, settleDatabases } from "./backup-databases.ts";
import { type BackupFile, MANIFEST_NAME, SEAL_NAME, sealManifest } from "./backup-manifest.ts";
import { isSameDisk, verifySpace } from "./backup-space.ts";
import { noData, runOnCopy } from "./consistent-copy.ts";

const UNFINISHED_SUFFIX = ".unfinished";

export interface BackupOptions {
  folder: KeyedFolder;
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
  const { folder, archive, version } = options;
  const masterKey = verifyReady(options);
  const makeRoom = () => verifyRoom(folder, archive);
  return await runOnCopy(folder, makeRoom, async ({ staging, atMs, pauseMs }) => {
    const made = await archiveObjects({
      source: staging,
      folder,
      archive,
      version,
      masterKey,
      atMs,
    });
    return { ...made, ...(pauseMs === undefined ? {} : { pauseMs }) };
  });
}

export interface ArchivePlan extends BackupOptions {
  /** Folder with `objects/` in it that nothing writes to. Its databases take their logs in. */
  source: string;
  masterKey: Uint8Array;
  atMs: number;
}

/** Proves each database whole and writes the archive. Throws backup/broken_database and backup/cannot_write. */
export async function archiveObjects(plan: ArchivePlan): Promise<BackupReport> {
  const { source, folder, archive, version, masterKey, atMs } = plan;
  const createdAt = new Date(atMs).toISOString();
  const databases = explainFileErrors(folder.root, () =>
    settleDatabases(join(source, "objects"), "objects/"),
  );
  const files = await describeFiles(source, folder);
  const sources = files.map(({ path, sizeBytes, content }) => ({ path, sizeBytes, content }));
  const list = files.map(({ path, sizeBytes, sha256 }) => ({ path, sizeBytes, sha256 }));
  const sealed = sealManifest({ version, createdAt, files: list }, masterKey);
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
  };
}

/** Throws where there is nothing to back up, no key to seal with, or something at the archive's place. */
function verifyReady({ folder, archive }: BackupOptions): Buffer {
  const masterKey = loadSettledKey(folder);
  if (!masterKey || listFolder(folder.objects).length === 0) throw noData(folder);
  if (existsSync(archive))
    throw new HostError({
      code: "backup/exists",
      message: `There is a file at ${archive} already.`,
      fix: "Choose another place with --out.",
      exitStatus: EXIT.cannotCreate,
    });
  return masterKey;
}

function verifyRoom(folder: DataFolder, archive: string): void {
  const place = dirname(archive);
  if (!existsSync(place)) throw cannotWrite(archive);
  const sizeBytes = folderBytes(folder.objects);
  const isShared = isSameDisk(folder.root, place);
  verifySpace(folder.root, isShared ? 2 * sizeBytes : sizeBytes);
  if (!isShared) verifySpace(place, sizeBytes);
}

async function describeFiles(
  source: string,
  folder: DataFolder,
): Promise<(BackupFile & ArchiveSource)[]> {
  const files: (BackupFile & ArchiveSource)[] = [];
  for (const name of listFiles(join(source, "objects"))) {
    const path = `objects/${name}`;
    const file = join(source, path);
    const sha256 = await fileSha256(file);
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
