/**
 * Takes away snapshots that the rule does not keep, and then packs and keys that no snapshot names. A snapshot goes before
 * what it needs, so that none is ever there in part.
 */
import type { KeepRule } from "../../src/config/backup-rule.ts";
import { decideKept } from "./keep-rule.ts";
import { listSnapshots, readSnapshot } from "./read-snapshot.ts";
import type { BoxKeys } from "./recovery-key.ts";
import { KEYS, PACKS, SNAPSHOTS, type SnapshotHeader } from "./snapshot.ts";
import { KEYS_KEPT } from "./snapshot-keys.ts";
import type { BackupStore, StoredObject } from "./store.ts";
import { verifyStore } from "./store-owner.ts";

/** An object that no snapshot names may belong to a backup that is being made. */
export const UNNAMED_STAYS_MS = 24 * 3_600_000;

/** All backups of the last day stay: one by hand is often made before something is tried. */
const YOUNG_MS = 24 * 3_600_000;

export interface PruneOptions {
  store: BackupStore;
  keys: BoxKeys;
  /** `newest`: all but the newest go. */
  keep: KeepRule | "newest";
  nowMs: number;
  /** Removes nothing, and says what it would. */
  dryRun: boolean;
}

export interface PruneReport {
  kept: string[];
  removed: string[];
  removedObjects: number;
  freedBytes: number;
}

/** Throws store/*, and backup/* for a snapshot that cannot be proved: nothing is removed then. */
export async function pruneStore(options: PruneOptions): Promise<PruneReport> {
  const { store, keys, keep, nowMs, dryRun } = options;
  await verifyStore(store, keys.id);
  const headers: SnapshotHeader[] = [];
  for (const id of await listSnapshots(store))
    headers.push((await readSnapshot(store, id, keys.sealKey)).header);
  const dated = headers.map((header) => ({ header, atMs: Date.parse(header.createdAt) }));
  const keptItems = decideKept(dated, keep === "newest" ? NEWEST : keep);
  /** The newest first, as they are listed. */
  const isYoung = ({ atMs }: { atMs: number }) => keep !== "newest" && nowMs - atMs < YOUNG_MS;
  const kept = dated
    .filter((item) => keptItems.has(item) || isYoung(item))
    .map(({ header }) => header);
  const removed = headers.filter((header) => !kept.includes(header));
  const unnamed = await findUnnamed(store, kept, removed, nowMs - UNNAMED_STAYS_MS);
  // Keys first: without them a snapshot is of no use to whoever finds the rest.
  if (!dryRun) {
    for (const { id } of kept.slice(KEYS_KEPT)) await store.remove(`${KEYS}/${id}`);
    for (const { id } of removed) {
      await store.remove(`${KEYS}/${id}`);
      await store.remove(`${SNAPSHOTS}/${id}`);
    }
    for (const { name } of unnamed) await store.remove(name);
  }
  return {
    kept: kept.map(({ id }) => id),
    removed: removed.map(({ id }) => id),
    removedObjects: unnamed.length + 2 * removed.length,
    freedBytes: unnamed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  };
}

const NEWEST: KeepRule = { daily: 1, weekly: 0, monthly: 0 };

/** Packs and keys that only removed snapshots name, and those that none names and that are old. */
async function findUnnamed(
  store: BackupStore,
  kept: readonly SnapshotHeader[],
  removed: readonly SnapshotHeader[],
  olderThanMs: number,
): Promise<StoredObject[]> {
  const named = namesOf(kept);
  const released = namesOf(removed);
  const objects = [...(await store.list(PACKS)), ...(await store.list(KEYS))];
  return objects.filter(
    ({ name, modifiedAtMs }) =>
      !named.has(name) &&
      (released.has(name) ? name.startsWith(`${PACKS}/`) : modifiedAtMs < olderThanMs),
  );
}

function namesOf(headers: readonly SnapshotHeader[]): Set<string> {
  return new Set(
    headers.flatMap(({ id, packs }) => [
      `${KEYS}/${id}`,
      ...packs.map((pack) => `${PACKS}/${pack.id}`),
    ]),
  );
}
