/** What the backup commands print for people. Pure. */

import type { BoxBackup } from "../backup-store/back-up-box.ts";
import type { PruneReport } from "../backup-store/prune-store.ts";
import type { StoredHeaders, UnprovedSnapshot } from "../backup-store/read-headers.ts";
import type { SnapshotHeader } from "../backup-store/snapshot.ts";
import type { VerifyReport } from "../backup-store/verify-store.ts";
import type { BackupReport } from "./backup.ts";
import { megabytes } from "./backup-space.ts";

const MAX_PROBLEMS_SHOWN = 20;

export function renderPause(pauseMs: number | undefined): string {
  if (pauseMs === undefined) return "The server was not running.";
  return `The server stood still for ${pauseMs.toFixed(0)} ms.`;
}

export function renderArchive(report: BackupReport, masterKey: string): string {
  return [
    `Wrote ${report.archive}`,
    `  ${report.databases} databases, each proved whole; ${megabytes(report.dataBytes)}, packed ${megabytes(report.archiveBytes)}. ${renderPause(report.pauseMs)}`,
    "",
    "The messages and credentials in it are sealed, and the key is NOT in it. Keep both, in two places:",
    "  - this archive, on another machine",
    `  - ${masterKey} (key ${report.masterKeyId}), where nobody else can read it`,
    "Restore with `npx rockpool restore <file>`.",
  ].join("\n");
}

export function renderBoxBackup({ header, place, pauseMs, pruned }: BoxBackup): string {
  return [
    `Backed up as ${header.id} in ${place}`,
    `  ${header.databases} databases, each proved whole; ${megabytes(header.dataBytes)}, of which ${megabytes(header.addedBytes)} were new to the store. ${renderPause(pauseMs)}`,
    ...(pruned.removed.length === 0 ? [] : [`  ${renderPruned(pruned, false)}`]),
    "Everything in it is encrypted to the recovery key, the master key included. Restore with `npx rockpool restore`.",
  ].join("\n");
}

export function renderPruned(report: PruneReport, dryRun: boolean): string {
  const { kept, removed, freedBytes } = report;
  const verb = dryRun ? "Would remove" : "Removed";
  return `${verb} ${removed.length} old ${backups(removed.length)} (${megabytes(freedBytes)}); ${kept.length} ${dryRun ? "would stay" : "stay"}.`;
}

export function renderSnapshots({ headers, unproved }: StoredHeaders, place: string): string {
  return [...renderProved(headers, place), ...renderUnproved(unproved)].join("\n");
}

function renderProved(headers: readonly SnapshotHeader[], place: string): string[] {
  if (headers.length === 0) return [`No backups in ${place}.`];
  return [
    `${headers.length} ${backups(headers.length)} in ${place}, the newest first:`,
    ...headers.map(
      ({ id, createdAt, version, databases, dataBytes, addedBytes }) =>
        `  ${id}  ${createdAt.slice(0, 16).replace("T", " ")} UTC  Rockpool ${version}  ${databases} databases  ${megabytes(dataBytes)} (${megabytes(addedBytes)} new)`,
    ),
  ];
}

function renderUnproved(unproved: readonly UnprovedSnapshot[]): string[] {
  if (unproved.length === 0) return [];
  return [
    `${unproved.length} ${backups(unproved.length)} cannot be proved, and cannot be restored:`,
    ...unproved.map(({ id, what }) => `  snapshots/${id}  ${what}`),
  ];
}

export function renderVerified(
  { snapshots, objects, readBytes, problems }: VerifyReport,
  place: string,
): string {
  if (snapshots.length === 0)
    return `No backups in ${place}. Make one with \`npx rockpool backup\`; where there should be some, they were removed from the store.`;
  const looked = `${snapshots.length} ${backups(snapshots.length)}, ${objects} objects, ${megabytes(readBytes)}`;
  if (problems.length === 0) return `All is whole: ${looked}.`;
  return [
    `Wrong: ${problems.length}. Looked at: ${looked}.`,
    ...problems
      .slice(0, MAX_PROBLEMS_SHOWN)
      .map(({ what, snapshots: hit }) => `  ${what} Needed by ${hit.join(", ")}.`),
    "Make a new backup now (`npx rockpool backup`): it stores anew what is missing or damaged, and is whole. The ones named here stay as they are until they are removed.",
  ].join("\n");
}

function backups(count: number): string {
  return count === 1 ? "backup" : "backups";
}
