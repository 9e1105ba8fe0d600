/**
 * Proves what a store holds: each snapshot's seal, and each object that one names by its size and hash. The box can do
 * that by itself; with the recovery key the newest snapshot is put together too, as a restore would.
 */
import { HostError } from "../host-error.ts";
import { MAX_PACK_OBJECT_BYTES } from "./pack-writer.ts";
import { listSnapshots, readProved, readSnapshot } from "./read-snapshot.ts";
import type { BoxKeys } from "./recovery-key.ts";
import { KEYS, PACKS, type SnapshotHeader } from "./snapshot.ts";
import { KEYS_KEPT, MAX_KEYS_BYTES } from "./snapshot-keys.ts";
import type { BackupStore } from "./store.ts";
import { verifyStore } from "./store-owner.ts";

export interface Problem {
  /** Name of the object. */
  object: string;
  what: string;
  /** Snapshots that cannot be restored because of it. */
  snapshots: string[];
}

export interface VerifyReport {
  snapshots: string[];
  objects: number;
  readBytes: number;
  problems: Problem[];
}

interface Named {
  sizeBytes: number;
  sha256: string;
  snapshots: string[];
}

/** Throws where the store cannot be read at all; whatever is wrong inside of it is in the report. */
export async function verifyObjects(
  store: BackupStore,
  keys: BoxKeys,
  progress: (done: number, total: number) => void,
): Promise<VerifyReport> {
  await verifyStore(store, keys.id);
  const problems: Problem[] = [];
  const headers: SnapshotHeader[] = [];
  const ids = await listSnapshots(store);
  for (const id of ids) {
    const problem = await findProblem(`snapshots/${id}`, [id], async () => {
      headers.push((await readSnapshot(store, id, keys.sealKey)).header);
    });
    if (problem) problems.push(problem);
  }
  const named = nameObjects(headers);
  let done = 0;
  let readBytes = 0;
  for (const [name, object] of named) {
    const maxBytes = name.startsWith(KEYS) ? MAX_KEYS_BYTES : MAX_PACK_OBJECT_BYTES;
    const problem = await findProblem(name, object.snapshots, async () => {
      readBytes += (await readProved(store, name, object, maxBytes)).length;
    });
    if (problem) problems.push(problem);
    done += 1;
    progress(done, named.size);
  }
  return { snapshots: ids, objects: named.size + ids.length, readBytes, problems };
}

function nameObjects(headers: readonly SnapshotHeader[]): Map<string, Named> {
  const named = new Map<string, Named>();
  for (const [index, { id, keys, packs }] of headers.entries())
    for (const { name, sizeBytes, sha256 } of [
      ...(index < KEYS_KEPT ? [{ name: `${KEYS}/${id}`, ...keys }] : []),
      ...packs.map((pack) => ({ ...pack, name: `${PACKS}/${pack.id}` })),
    ]) {
      const known = named.get(name);
      if (known) known.snapshots.push(id);
      else named.set(name, { sizeBytes, sha256, snapshots: [id] });
    }
  return named;
}

/** A store that is away is no problem of one object: that is thrown. */
async function findProblem(
  object: string,
  snapshots: string[],
  work: () => Promise<void>,
): Promise<Problem | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (!(error instanceof HostError) || /^store\/(unavailable|refused)$/.test(error.code))
      throw error;
    return { object, what: error.message, snapshots };
  }
}
