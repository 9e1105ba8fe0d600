/**
 * What was found and done, as files in `<data>/reports/`: the newest integrity check, try of a backup, and restore.
 * Written whole by whoever did the work; read by the server's supervisor, by `status` and by `doctor`.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { writeFileAtomic } from "../atomic-file.ts";
import { type DataFolder, explainFileErrors } from "../data-folder.ts";

const timeMs = v.pipe(v.number(), v.integer(), v.minValue(0));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const failure = v.strictObject({ code: v.string(), message: v.string() });

const IntegritySchema = v.strictObject({
  checkedAtMs: timeMs,
  databases: count,
  dataBytes: count,
  durationMs: count,
  broken: v.array(v.strictObject({ path: v.string(), problem: v.string() })),
});

const BackupSchema = v.strictObject({
  triedAtMs: timeMs,
  /** Of the newest one that succeeded. */
  succeededAtMs: v.exactOptional(timeMs),
  snapshot: v.exactOptional(v.string()),
  place: v.string(),
  /** Of the newest try, where it failed. */
  failure: v.exactOptional(failure),
});

const RestoreSchema = v.strictObject({
  restoredAtMs: timeMs,
  /** When the backup was made that was put in place. */
  createdAtMs: timeMs,
});

export type RestoreRecord = v.InferOutput<typeof RestoreSchema>;
export type IntegrityReport = v.InferOutput<typeof IntegritySchema>;
export type BackupReport = v.InferOutput<typeof BackupSchema>;

/** Undefined where there is none, or it cannot be understood. */
export function loadIntegrityReport(folder: DataFolder): IntegrityReport | undefined {
  return load(join(folder.reports, "integrity.json"), IntegritySchema);
}

export function loadBackupReport(folder: DataFolder): BackupReport | undefined {
  return load(join(folder.reports, "backup.json"), BackupSchema);
}

export function loadRestoreRecord(folder: DataFolder): RestoreRecord | undefined {
  return load(join(folder.reports, "restore.json"), RestoreSchema);
}

export function writeRestoreRecord(folder: DataFolder, record: RestoreRecord): void {
  write(folder, "restore.json", record);
}

export function writeIntegrityReport(folder: DataFolder, report: IntegrityReport): void {
  write(folder, "integrity.json", report);
}

export function writeBackupReport(folder: DataFolder, report: BackupReport): void {
  write(folder, "backup.json", report);
}

function load<Output>(path: string, schema: v.GenericSchema<unknown, Output>): Output | undefined {
  try {
    const parsed = v.safeParse(schema, JSON.parse(readFileSync(path, "utf8")));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

function write(folder: DataFolder, name: string, report: unknown): void {
  explainFileErrors(folder.root, () => {
    mkdirSync(folder.reports, { recursive: true, mode: 0o700 });
    writeFileAtomic(join(folder.reports, name), `${JSON.stringify(report, undefined, 2)}\n`);
  });
}
