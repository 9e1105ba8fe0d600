/** Checks of `rockpool doctor` that look at what the daily work found. */
import type { DataFolder } from "../data-folder.ts";
import { loadBackupReport, loadIntegrityReport } from "../host-work/reports.ts";
import type { Settings } from "../settings.ts";
import { type Finding, fail, ok, warn } from "./check.ts";

/** One missed night is made up for. */
const LATE_MS = 2 * 86_400_000;

export function checkDatabases(folder: DataFolder, nowMs: number): Finding {
  const what = "Databases";
  const report = loadIntegrityReport(folder);
  if (!report) return ok(what, "are checked once a day while the server runs; not yet");
  const at = new Date(report.checkedAtMs).toISOString();
  const [first] = report.broken;
  if (first)
    return fail(
      what,
      `${report.broken.length} of ${report.databases} were damaged at ${at}: ${first.path}: ${first.problem}`,
      "Look again with `npx rockpool integrity`; if it stays so, stop the server and restore the newest whole backup.",
    );
  const detail = `${report.databases} were whole at ${at}`;
  if (nowMs - report.checkedAtMs < LATE_MS) return ok(what, detail);
  return warn(what, `${detail}, which is long ago`, "Run `npx rockpool integrity`.");
}

export function checkBackups(folder: DataFolder, { options }: Settings, nowMs: number): Finding {
  const what = "Backups";
  if (options.ROCKPOOL_BACKUP_TO === "")
    return warn(
      what,
      "none are made by themselves",
      "Set ROCKPOOL_BACKUP_TO, and make a recovery key: `npx rockpool backup key`.",
    );
  const report = loadBackupReport(folder);
  if (report?.failure)
    return fail(what, report.failure.message, "Try it by hand: `npx rockpool backup`.");
  if (report?.succeededAtMs === undefined)
    return warn(what, "none was made yet", "Make the first one: `npx rockpool backup`.");
  const at = new Date(report.succeededAtMs).toISOString();
  if (nowMs - report.succeededAtMs < LATE_MS) return ok(what, `the newest is of ${at}`);
  return warn(
    what,
    `the newest is of ${at}, which is long ago`,
    "Make one: `npx rockpool backup`; and look for host:daily_failed in `npx rockpool logs`.",
  );
}
