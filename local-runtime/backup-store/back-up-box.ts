/** One backup of this box into its store, then pruning; what came of it goes into `reports/backup.json`, good or bad. */
import { parseKeepRule } from "../../src/config/backup-rule.ts";
import type { DataFolder } from "../data-folder.ts";
import { HostError } from "../host-error.ts";
import { loadBackupReport, writeBackupReport } from "../host-work/reports.ts";
import { type PruneReport, pruneStore } from "./prune-store.ts";
import { loadBoxKeys } from "./recovery-key.ts";
import {
  noRecoveryKey,
  runStoreBackup,
  type StoreBackupOptions,
  type StoreBackupReport,
} from "./run-store-backup.ts";

export interface BoxBackup extends StoreBackupReport {
  pruned: PruneReport;
}

/** `keep` as the option has it. Throws as runStoreBackup and pruneStore do. */
export async function backUpBox(made: StoreBackupOptions, keep: string): Promise<BoxBackup> {
  const { folder, store } = made;
  const triedAtMs = Date.now();
  try {
    const keys = loadBoxKeys(folder);
    if (!keys) throw noRecoveryKey();
    const report = await runStoreBackup(made);
    const { id: snapshot } = report.header;
    const place = store.place;
    writeBackupReport(folder, { triedAtMs, succeededAtMs: triedAtMs, snapshot, place });
    const rule = parseKeepRule(keep);
    const options = { store, keys, keep: rule, nowMs: Date.now(), dryRun: false };
    const pruned = await pruneStore(options).catch((error: unknown) => {
      throw error instanceof HostError ? explainUnpruned(error, snapshot) : error;
    });
    return { ...report, pruned };
  } catch (error) {
    recordFailure(folder, store.place, triedAtMs, error);
    throw error;
  }
}

/** The backup itself is good: who reads of a failure must not take it for none. */
function explainUnpruned(error: HostError, snapshot: string): HostError {
  return new HostError({
    code: error.code,
    message: `Backed up as ${snapshot}, but old backups were not removed: ${error.message}`,
    fix: "Look at the store with `npx rockpool backup list`; what it says cannot be proved, remove from the store by hand.",
    exitStatus: error.exitStatus,
    cause: error,
  });
}

/** The newest good one stays on record. */
function recordFailure(folder: DataFolder, place: string, triedAtMs: number, error: unknown): void {
  const code = error instanceof HostError ? error.code : "host/internal";
  const message = error instanceof Error ? error.message : String(error);
  if (code === "backup/another_runs") return; // the other one reports
  const { succeededAtMs, snapshot } = loadBackupReport(folder) ?? {};
  writeBackupReport(folder, {
    triedAtMs,
    place,
    failure: { code, message },
    ...(succeededAtMs === undefined ? {} : { succeededAtMs }),
    ...(snapshot === undefined ? {} : { snapshot }),
  });
}
