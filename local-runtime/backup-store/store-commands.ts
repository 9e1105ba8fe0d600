/** What `rockpool backup` and its list, verify and prune do with the store, and what they print. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { setPriority } from "node:os";
import { join } from "node:path";
import { parseKeepRule } from "../../src/config/backup-rule.ts";
import {
  renderBoxBackup,
  renderPruned,
  renderSnapshots,
  renderVerified,
} from "../backup/backup-text.ts";
import { EXIT } from "../host-error.ts";
import { holdKey } from "../keys/key-source.ts";
import { createProgress } from "../models/progress.ts";
import { loadSettings } from "../settings.ts";
import type { Shell } from "../shell.ts";
import { createTerminalInput } from "../terminal-input.ts";
import { rockpoolVersion } from "../versions.ts";
import { askRecoveryKey } from "./ask-recovery-key.ts";
import { backUpBox } from "./back-up-box.ts";
import { findFolder, openBoxStore, requireBoxKeys } from "./box-store.ts";
import { forgetPacks } from "./known-chunks.ts";
import { pruneStore } from "./prune-store.ts";
import { readHeaders } from "./read-headers.ts";
import { loadBoxKeys, type RecoveryKey } from "./recovery-key.ts";
import { fillFromSnapshot } from "./restore-snapshot.ts";
import { noRecoveryKey } from "./run-store-backup.ts";
import { PACKS } from "./snapshot.ts";
import type { BackupStore } from "./store.ts";
import { verifyStore } from "./store-owner.ts";
import { type VerifyReport, verifyObjects } from "./verify-store.ts";

/** People who write come first. */
const LOW_PRIORITY = 10;

/** Into the store where one is set and `mayStore`; else whatever `otherwise` does. */
export async function runBoxBackup(
  shell: Shell,
  mayStore: boolean,
  otherwise: () => Promise<void>,
): Promise<void> {
  const settings = loadSettings(shell);
  const { ROCKPOOL_BACKUP_TO: place, ROCKPOOL_BACKUP_KEEP: keep } = settings.options;
  if (!mayStore || place === "") return await otherwise();
  setPriority(LOW_PRIORITY);
  const progress = createProgress(shell);
  const folder = await holdKey(findFolder(settings), settings.options, createTerminalInput());
  const backup = await backUpBox(
    {
      folder,
      store: openBoxStore(shell, settings),
      version: rockpoolVersion(shell.root),
      progress: ({ step, doneBytes, totalBytes }) => {
        if (step === "stored") progress.update("backing up", doneBytes, totalBytes);
      },
    },
    keep,
  );
  progress.end();
  shell.print(renderBoxBackup(backup));
  shell.printJson(backup);
}

export interface StoreFlags {
  from?: string;
  recoveryKey?: string;
}

/** Exit status 1 where a backup cannot be proved. */
export async function runList(shell: Shell, flags: StoreFlags): Promise<void> {
  const { store, keys } = await openForReading(shell, flags);
  await verifyStore(store, keys.id);
  const found = await readHeaders(store, keys.sealKey);
  shell.print(renderSnapshots(found, store.place));
  shell.printJson({
    place: store.place,
    backups: found.headers.map(({ packs, keys: _, list: __, ...header }) => ({
      ...header,
      packs: packs.length,
    })),
    unproved: found.unproved,
  });
  if (found.unproved.length > 0) process.exitCode = EXIT.failure;
}

/** Exit status 1 where anything is wrong, or there is nothing to prove. */
export async function runVerify(shell: Shell, flags: StoreFlags): Promise<void> {
  const { store, keys, key, folder } = await openForReading(shell, flags);
  const progress = createProgress(shell);
  const report = await verifyObjects(store, keys, (done, total) =>
    progress.update(`reading object ${done} of ${total}`, 0, 0),
  );
  progress.end();
  forgetPacks(folder, damagedPacks(report));
  shell.print(renderVerified(report, store.place));
  const isWhole = report.problems.length === 0 && report.snapshots.length > 0;
  const rehearsed = key && isWhole ? await rehearse(shell, store, key, folder.root) : undefined;
  shell.printJson({ ok: isWhole, ...report, rehearsed: rehearsed ?? null });
  if (!isWhole) process.exitCode = EXIT.failure;
}

/** With the recovery key a store is read on any machine; without it, on the box that it belongs to. */
async function openForReading(shell: Shell, { from, recoveryKey }: StoreFlags) {
  const settings = loadSettings(shell);
  const store = openBoxStore(shell, settings, from);
  const folder = findFolder(settings);
  const key = recoveryKey === undefined ? undefined : await askRecoveryKey(shell, recoveryKey);
  return { store, folder, key, keys: key?.box ?? requireBoxKeys(folder) };
}

function damagedPacks({ problems }: VerifyReport): Set<string> {
  const packs = problems.filter(({ object }) => object.startsWith(`${PACKS}/`));
  return new Set(packs.map(({ object }) => object.slice(PACKS.length + 1)));
}

/** A restore into a folder that goes again. */
async function rehearse(shell: Shell, store: BackupStore, key: RecoveryKey, root: string) {
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const to = mkdtempSync(join(root, ".rehearsal-"));
  try {
    mkdirSync(join(to, "objects"));
    const version = rockpoolVersion(shell.root);
    const restored = await fillFromSnapshot({ store, key, version, progress: () => {} }, to);
    shell.print(
      `The newest backup (${restored.createdAt}) was put together and proved: ${restored.databases} databases, ${restored.files} files.`,
    );
    return restored;
  } finally {
    rmSync(to, { recursive: true, force: true });
  }
}

export async function runPrune(
  shell: Shell,
  { onlyNewest = false, dryRun = false }: { onlyNewest?: boolean; dryRun?: boolean },
): Promise<void> {
  const settings = loadSettings(shell);
  const store = openBoxStore(shell, settings);
  const keys = loadBoxKeys(findFolder(settings));
  if (!keys) throw noRecoveryKey();
  const report = await pruneStore({
    store,
    keys,
    keep: onlyNewest ? "newest" : parseKeepRule(settings.options.ROCKPOOL_BACKUP_KEEP),
    nowMs: Date.now(),
    dryRun,
  });
  shell.print(renderPruned(report, dryRun));
  shell.printJson({ ...report, dryRun });
}
