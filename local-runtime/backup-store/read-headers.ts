/** Which backups a store has: those that are proved, and what is wrong with the others. */
import { HostError } from "../host-error.ts";
import { listSnapshots, readSnapshot } from "./read-snapshot.ts";
import type { SnapshotHeader } from "./snapshot.ts";
import type { BackupStore } from "./store.ts";

export interface UnprovedSnapshot {
  id: string;
  what: string;
}

export interface StoredHeaders {
  /** The newest first, as are the others. */
  headers: SnapshotHeader[];
  unproved: UnprovedSnapshot[];
}

/** Throws where the store cannot be read at all: one damaged backup must not hide the whole ones. */
export async function readHeaders(store: BackupStore, sealKey: string): Promise<StoredHeaders> {
  const headers: SnapshotHeader[] = [];
  const unproved: UnprovedSnapshot[] = [];
  for (const id of await listSnapshots(store)) {
    const what = await findFault(async () => {
      headers.push((await readSnapshot(store, id, sealKey)).header);
    });
    if (what !== undefined) unproved.push({ id, what });
  }
  return { headers, unproved };
}

/** What is wrong with one object, if anything. A store that is away is no fault of it: that is thrown. */
export async function findFault(work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (!(error instanceof HostError) || /^store\/(unavailable|refused)$/.test(error.code))
      throw error;
    return error.message;
  }
}
