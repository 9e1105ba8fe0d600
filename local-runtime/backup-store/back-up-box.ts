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
export async function backUpBox(options: StoreBackupOptions, keep: string): Promise<BoxBackup> {
  const { folder, store } = options;
  const triedAtMs = Date.now();
  try {
    const keys = loadBoxKeys(folder);
    if (!keys) throw noRecoveryKey();
    const report = await runStoreBackup(options);
    const { id: snapshot } = report.header;
    const place = store.place;
    writeBackupReport(folder, { triedAtMs, succeededAtMs: triedAtMs, snapshot, place });
    const rule = parseKeepRule(keep);
    const pruned = await pruneStore({ store, keys, keep: rule, nowMs: Date.now(), dryRun: false });
    return { ...report, pruned };
  } catch (error) {
    recordFailure(folder, store.place, triedAtMs, error);
    throw error;
  }
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
