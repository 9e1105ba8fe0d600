/** What the server is told of the daily work: the newest reports, without paths and without words of other programs. */
import type { HostChecks } from "../../src/core/admin-protocol.ts";
import type { DataFolder } from "../data-folder.ts";
import { loadBackupReport, loadIntegrityReport, loadRestoreRecord } from "./reports.ts";

/** Undefined before the first one. */
export function loadHostChecks(folder: DataFolder): HostChecks | undefined {
  const integrity = loadIntegrityReport(folder);
  const backup = loadBackupReport(folder);
  const restored = loadRestoreRecord(folder);
  if (!integrity && !backup && !restored) return undefined;
  return {
    ...(restored ? { restored } : {}),
    ...(integrity
      ? {
          integrity: {
            checkedAtMs: integrity.checkedAtMs,
            databases: integrity.databases,
            broken: integrity.broken.length,
          },
        }
      : {}),
    ...(backup
      ? {
          backup: {
            triedAtMs: backup.triedAtMs,
            ...(backup.succeededAtMs === undefined ? {} : { succeededAtMs: backup.succeededAtMs }),
            ...(backup.failure ? { failureCode: backup.failure.code } : {}),
          },
        }
      : {}),
  };
}
