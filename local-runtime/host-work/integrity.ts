/**
 * Looks at every database of the data folder, of a running server too, without holding it up: a consistent copy is
 * checked, and what was found is written to `reports/integrity.json`.
 */
import { checkDatabases, folderBytes } from "../backup/backup-databases.ts";
import { verifySpace } from "../backup/backup-space.ts";
import { runOnCopy } from "../backup/consistent-copy.ts";
import type { DataFolder } from "../data-folder.ts";
import { type IntegrityReport, writeIntegrityReport } from "./reports.ts";

/** Throws backup/no_space, backup/no_data and whatever keeps a copy from being taken; a broken database is no error. */
export async function checkIntegrity(
  folder: DataFolder,
  progress: (done: number, total: number) => void,
): Promise<IntegrityReport> {
  const verifyRoom = () => verifySpace(folder.root, folderBytes(folder.objects));
  return await runOnCopy(folder, verifyRoom, async ({ staging, atMs }) => {
    return recordCheck(folder, staging, atMs, progress);
  });
}

/** Checks a copy that was taken anyway, and writes the report. */
export function recordCheck(
  folder: DataFolder,
  staging: string,
  atMs: number,
  progress: (done: number, total: number) => void,
): IntegrityReport {
  const begunMs = performance.now();
  const report: IntegrityReport = {
    checkedAtMs: atMs,
    ...checkDatabases(staging, progress),
    dataBytes: folderBytes(staging),
    durationMs: Math.round(performance.now() - begunMs),
  };
  writeIntegrityReport(folder, report);
  return report;
}
