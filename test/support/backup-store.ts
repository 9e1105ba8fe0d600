/** A backup store in a folder, for a data folder of a test, with its recovery key made. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openFolderStore } from "../../local-runtime/backup-store/folder-store.ts";
import {
  makeRecoveryKey,
  type RecoveryKey,
  writeBoxKeys,
} from "../../local-runtime/backup-store/recovery-key.ts";
import {
  runStoreBackup,
  type StoreBackupReport,
} from "../../local-runtime/backup-store/run-store-backup.ts";
import type { BackupStore } from "../../local-runtime/backup-store/store.ts";
import type { TestFolder } from "./data-folder.ts";

export const VERSION = "0.1.0";

export interface TestStore {
  store: BackupStore;
  /** The folder of the store. */
  root: string;
  key: RecoveryKey;
  backup(version?: string): Promise<StoreBackupReport>;
}

export async function createTestStore(data: TestFolder, given?: BackupStore): Promise<TestStore> {
  const root = join(data.outside, "store");
  mkdirSync(root, { recursive: true });
  const key = await makeRecoveryKey();
  writeBoxKeys(data.folder, key.box);
  const store = given ?? openFolderStore(root);
  return {
    store,
    root,
    key,
    backup: async (version = VERSION) =>
      await runStoreBackup({ folder: data.folder, store, version, progress: () => {} }),
  };
}
