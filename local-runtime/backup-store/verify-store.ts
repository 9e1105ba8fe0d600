/**
 * Proves what a store holds: each snapshot's seal, and each object that one names by its size and hash. The box can do
 * that by itself; with the recovery key the newest snapshot is put together too, as a restore would.
 */
import { MAX_PACK_OBJECT_BYTES } from "./pack-writer.ts";
import { findFault, readHeaders } from "./read-headers.ts";
import { readProved } from "./read-snapshot.ts";
import type { BoxKeys } from "./recovery-key.ts";
import { KEYS, PACKS, SNAPSHOTS, type SnapshotHeader } from "./snapshot.ts";
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
  /** The newest first. */
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
  const { headers, unproved } = await readHeaders(store, keys.sealKey);
  const problems: Problem[] = unproved.map(({ id, what }) => ({
    object: `${SNAPSHOTS}/${id}`,
    what,
    snapshots: [id],
  }));
  const named = nameObjects(headers);
  let done = 0;
  let readBytes = 0;
  for (const [name, object] of named) {
    const maxBytes = name.startsWith(KEYS) ? MAX_KEYS_BYTES : MAX_PACK_OBJECT_BYTES;
    const what = await findFault(async () => {
      readBytes += (await readProved(store, name, object, maxBytes)).length;
    });
    if (what !== undefined) problems.push({ object: name, what, snapshots: object.snapshots });
    done += 1;
    progress(done, named.size);
  }
  const snapshots = [...headers, ...unproved].map(({ id }) => id);
  snapshots.sort().reverse();
  return { snapshots, objects: named.size + snapshots.length, readBytes, problems };
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
