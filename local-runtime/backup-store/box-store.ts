/** The backup store of this box, and what the box has to use it with. */
import { existsSync, realpathSync } from "node:fs";
import { resolve } from "node:path";
import { type DataFolder, dataFolderAt } from "../data-folder.ts";
import { EXIT, HostError } from "../host-error.ts";
import type { Settings } from "../settings.ts";
import type { Shell } from "../shell.ts";
import { openStore } from "./open-store.ts";
import { type BoxKeys, loadBoxKeys } from "./recovery-key.ts";
import type { BackupStore } from "./store.ts";

/** The folder by its real path: the locks must all mean the same one. */
export function findFolder({ dataDir }: Settings): DataFolder {
  return dataFolderAt(existsSync(dataDir) ? realpathSync(dataDir) : dataDir);
}

/** `from` is a place given as an argument, relative to where the person stands. Throws store/* and config/no_store. */
export function openBoxStore(shell: Shell, { options }: Settings, from?: string): BackupStore {
  const place = from ?? options.ROCKPOOL_BACKUP_TO;
  if (place === "")
    throw new HostError({
      code: "store/none",
      message: "No place for backups is set.",
      fix: "Set ROCKPOOL_BACKUP_TO in .env: a folder, or s3+https://host/bucket/prefix.",
      exitStatus: EXIT.config,
    });
  const file = options.ROCKPOOL_BACKUP_S3_KEY;
  return openStore({
    place,
    workingDir: from === undefined ? shell.root : shell.workingDir,
    credentialsFile: file === "" ? undefined : resolve(shell.root, file),
  });
}

/** What a store's objects are proved with. Throws recovery/none. */
export function requireBoxKeys(folder: DataFolder): BoxKeys {
  const keys = loadBoxKeys(folder);
  if (keys) return keys;
  throw new HostError({
    code: "recovery/none",
    message: "This box knows no recovery key to prove the backups with.",
    fix: "Name a file that holds the one they were made with: --recovery-key <file>. For a first backup make one with `npx rockpool backup key`.",
    exitStatus: EXIT.config,
  });
}
