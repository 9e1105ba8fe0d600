/** Replaces the data folder's content by an archive, after every byte of it was proved beside the data. */
import { readFileSync, statSync } from "node:fs";
import { EXIT, HostError, systemCode } from "../host-error.ts";
import { type KeyedFolder, MASTER_KEY_BYTES } from "../keys/master-key.ts";
import { extractBackup } from "./restore-extract.ts";
import { type RestoreReport, refuseNewer, replaceData } from "./restore-replace.ts";

export interface RestoreOptions {
  /** Prepared; the server must be down. */
  folder: KeyedFolder;
  /** Absolute. */
  archive: string;
  /** Replace data that is there. */
  force: boolean;
  /** Of this Rockpool: a backup of a newer one is refused. */
  version: string;
}

/** Throws backup/*, restore/*, data/*. Nothing is replaced unless all of the backup is whole. */
export async function runRestore(options: RestoreOptions): Promise<RestoreReport> {
  const { folder, archive, version } = options;
  if (!statSync(archive, { throwIfNoEntry: false })?.isFile())
    throw new HostError({
      code: "restore/no_archive",
      message: `There is no file at ${archive}.`,
      fix: "Give the path of a file that `npx rockpool backup` wrote.",
    });
  return await replaceData(options, async (staging) => {
    const masterKey = readMasterKey(folder);
    const { manifest, databases } = await extractBackup(archive, staging, masterKey, (list) =>
      refuseNewer(list.version, version),
    );
    return {
      createdAt: manifest.createdAt,
      version: manifest.version,
      databases,
      files: manifest.files.length,
      masterKeyId: manifest.masterKeyId,
    };
  });
}

/** The key as it lies there: its id is checked against the backup's, not against the data that is replaced. */
function readMasterKey(folder: KeyedFolder): Buffer {
  if (folder.heldKey) return folder.heldKey;
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
