/**
 * Replaces the data folder's content by a snapshot of a store. The recovery key is all that it takes: the master key comes
 * out of the snapshot too. Every object is proved against a sealed header before anything is replaced.
 */
import { join } from "node:path";
import { syncFolder, writeFileAtomic } from "../atomic-file.ts";
import { settleDatabases } from "../backup/backup-databases.ts";
import { verifySpace } from "../backup/backup-space.ts";
import {
  type Restored,
  type RestoreReport,
  refuseNewer,
  replaceData,
} from "../backup/restore-replace.ts";
import type { DataFolder } from "../data-folder.ts";
import { HostError } from "../host-error.ts";
import { masterKeyId } from "../keys/master-key.ts";
import { listSnapshots, readKeys, readList, readSnapshot, unpackFiles } from "./read-snapshot.ts";
import { type RecoveryKey, renderBoxKeys } from "./recovery-key.ts";
import { findKeysOf, writeVault } from "./snapshot-keys.ts";
import type { BackupStore } from "./store.ts";
import { verifyStore } from "./store-owner.ts";

export interface SnapshotSource {
  store: BackupStore;
  key: RecoveryKey;
  /** Id of a snapshot; the newest where it is left out. */
  snapshot?: string;
  /** Of this Rockpool: a backup of a newer one is refused. */
  version: string;
  progress(doneBytes: number, totalBytes: number): void;
}

export interface RestoreSnapshotOptions extends SnapshotSource {
  /** Prepared; the server must be down. */
  folder: DataFolder;
  /** Replace data that is there. */
  force: boolean;
}

/** Throws backup/*, restore/*, store/*, data/*. Nothing is replaced unless all of the snapshot is whole. */
export async function restoreSnapshot(options: RestoreSnapshotOptions): Promise<RestoreReport> {
  return await replaceData(options, (staging) => fillFromSnapshot(options, staging));
}

/** Writes all that a data folder needs into an empty folder, and proves it. */
export async function fillFromSnapshot(source: SnapshotSource, to: string): Promise<Restored> {
  const { store, key, version } = source;
  await verifyStore(store, key.box.id);
  const ids = await listSnapshots(store);
  const id = source.snapshot ?? ids[0];
  if (id === undefined) throw noBackup(store);
  if (!ids.includes(id)) throw unknownBackup(store, id);
  const snapshot = await readSnapshot(store, id, key.box.sealKey);
  const { header } = snapshot;
  const keysOf = await readSnapshot(
    store,
    (await findKeysOf(store, id, ids)) ?? id,
    key.box.sealKey,
  );
  refuseNewer(keysOf.header.version, version);
  verifySpace(to, header.dataBytes);
  const keys = await readKeys(store, keysOf, key);
  const files = await readList(store, snapshot, key);
  await unpackFiles(store, snapshot, files, key, to, (doneBytes) =>
    source.progress(doneBytes, header.dataBytes),
  );
  writeVault(keys, to);
  const databases = settleDatabases(to);
  writeFileAtomic(join(to, "master.key"), keys.masterKey);
  writeFileAtomic(join(to, "recovery.json"), renderBoxKeys(key.box));
  syncFolder(join(to, "objects"));
  return {
    createdAt: header.createdAt,
    version: header.version,
    databases,
    files: files.length + keys.files.length,
    masterKeyId: masterKeyId(keys.masterKey),
  };
}

function noBackup(store: BackupStore): HostError {
  return new HostError({
    code: "restore/no_backup",
    message: `The store ${store.place} holds no backup.`,
    fix: "Check the place: --from names it, or ROCKPOOL_BACKUP_TO.",
  });
}

function unknownBackup(store: BackupStore, id: string): HostError {
  return new HostError({
    code: "restore/no_backup",
    message: `The store ${store.place} holds no backup ${id}.`,
    fix: "`npx rockpool backup list` shows those that are there.",
  });
}
