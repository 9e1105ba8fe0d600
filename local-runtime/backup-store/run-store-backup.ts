/** One backup into a store: a consistent copy, each database proved whole, what is new stored, the snapshot last. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../atomic-file.ts";
import { folderBytes, refuseBroken } from "../backup/backup-databases.ts";
import { verifySpace } from "../backup/backup-space.ts";
import { noData, runOnCopy } from "../backup/consistent-copy.ts";
import { explainFileErrors } from "../data-folder.ts";
import { loadEgressOrigins } from "../egress/egress-grants.ts";
import { EXIT, HostError } from "../host-error.ts";
import { recordCheck } from "../host-work/integrity.ts";
import { type KeyedFolder, loadSettledKey, masterKeyId } from "../keys/master-key.ts";
import { loadKnownChunks, writeKnownChunks } from "./known-chunks.ts";
import { loadBoxKeys } from "./recovery-key.ts";
import { PACKS, type SnapshotHeader } from "./snapshot.ts";
import type { BackupStore } from "./store.ts";
import { claimStore } from "./store-owner.ts";
import { writeSnapshot } from "./write-snapshot.ts";

export interface StoreBackupOptions {
  folder: KeyedFolder;
  store: BackupStore;
  version: string;
  /** How far it is: copied and settled, then bytes stored or known. */
  progress(done: { step: "copied" | "stored"; doneBytes: number; totalBytes: number }): void;
}

export interface StoreBackupReport {
  header: SnapshotHeader;
  place: string;
  pauseMs?: number;
}

/** Throws backup/*, store/*, recovery/*, data/*, key/*. */
export async function runStoreBackup(options: StoreBackupOptions): Promise<StoreBackupReport> {
  const { folder, store, version } = options;
  const keys = loadBoxKeys(folder);
  if (!keys) throw noRecoveryKey();
  const masterKey = loadSettledKey(folder);
  if (!masterKey) throw noData(folder);
  await claimStore(store, keys.id);
  const owner = { place: store.place, recoveryKeyId: keys.id };
  const verifyRoom = () => verifySpace(folder.root, folderBytes(folder.objects));
  return await runOnCopy(folder, verifyRoom, async ({ staging, atMs, pauseMs }) => {
    const { databases, broken } = explainFileErrors(folder.root, () =>
      recordCheck(folder, staging, atMs, () => {}),
    );
    refuseBroken(broken);
    const egress = `${JSON.stringify({ origins: loadEgressOrigins(folder) })}\n`;
    writeFileAtomic(join(staging, "egress.json"), egress);
    const totalBytes = folderBytes(staging);
    options.progress({ step: "copied", doneBytes: 0, totalBytes });
    const known = loadKnownChunks(folder, owner, await store.list(PACKS));
    const source = {
      folder: staging,
      databases,
      atMs,
      version,
      masterKey,
      masterKeyId: masterKeyId(masterKey),
    };
    const { header, chunks } = await writeSnapshot(store, keys, known, source, (doneBytes) =>
      options.progress({ step: "stored", doneBytes, totalBytes }),
    );
    explainFileErrors(folder.root, () => {
      mkdirSync(folder.backups, { recursive: true, mode: 0o700 });
      writeKnownChunks(folder, owner, chunks);
    });
    return { header, place: store.place, ...(pauseMs === undefined ? {} : { pauseMs }) };
  });
}

export function noRecoveryKey(): HostError {
  return new HostError({
    code: "recovery/none",
    message: "There is no recovery key yet, which backups are encrypted to.",
    fix: "Make one with `npx rockpool backup key`, and keep what it prints away from this box.",
    exitStatus: EXIT.config,
  });
}
