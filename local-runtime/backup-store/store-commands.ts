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
import { pruneStore } from "./prune-store.ts";
import { listSnapshots, readSnapshot } from "./read-snapshot.ts";
import type { RecoveryKey } from "./recovery-key.ts";
import { fillFromSnapshot } from "./restore-snapshot.ts";
import type { SnapshotHeader } from "./snapshot.ts";
import type { BackupStore } from "./store.ts";
import { verifyObjects } from "./verify-store.ts";

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

export async function runList(shell: Shell, from: string | undefined): Promise<void> {
  const settings = loadSettings(shell);
  const store = openBoxStore(shell, settings, from);
  const keys = requireBoxKeys(findFolder(settings));
  const headers: SnapshotHeader[] = [];
  for (const id of await listSnapshots(store))
    headers.push((await readSnapshot(store, id, keys.sealKey)).header);
  shell.print(renderSnapshots(headers, store.place));
  shell.printJson({
    place: store.place,
    backups: headers.map(({ packs, keys: _, list: __, ...header }) => ({
      ...header,
      packs: packs.length,
    })),
  });
}

export async function runVerify(
  shell: Shell,
  flags: { from?: string; recoveryKey?: string },
): Promise<void> {
  const settings = loadSettings(shell);
  const store = openBoxStore(shell, settings, flags.from);
  const folder = findFolder(settings);
  const key =
    flags.recoveryKey === undefined ? undefined : await askRecoveryKey(shell, flags.recoveryKey);
  const progress = createProgress(shell);
  const report = await verifyObjects(store, key?.box ?? requireBoxKeys(folder), (done, total) =>
    progress.update(`reading object ${done} of ${total}`, 0, 0),
  );
  progress.end();
  shell.print(renderVerified(report));
  const isWhole = report.problems.length === 0 && report.snapshots.length > 0;
  const rehearsed = key && isWhole ? await rehearse(shell, store, key, folder.root) : undefined;
  shell.printJson({ ok: report.problems.length === 0, ...report, rehearsed: rehearsed ?? null });
  if (report.problems.length > 0) process.exitCode = EXIT.failure;
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
  const report = await pruneStore({
    store: openBoxStore(shell, settings),
    keys: requireBoxKeys(findFolder(settings)),
    keep: onlyNewest ? "newest" : parseKeepRule(settings.options.ROCKPOOL_BACKUP_KEEP),
    nowMs: Date.now(),
    dryRun,
  });
  shell.print(renderPruned(report, dryRun));
  shell.printJson({ ...report, dryRun });
}
