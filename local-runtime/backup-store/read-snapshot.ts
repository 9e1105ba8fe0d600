/** Reads snapshots of a store: which there are, and one of them whole, into an empty folder, with every byte proved. */
import { createHash } from "node:crypto";
import { closeSync, ftruncateSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { syncFolder } from "../atomic-file.ts";
import { fileSha256 } from "../file-hash.ts";
import { HostError } from "../host-error.ts";
import { decryptWith } from "./envelope.ts";
import { MAX_PACK_BYTES, MAX_PACK_OBJECT_BYTES } from "./pack-writer.ts";
import type { RecoveryKey } from "./recovery-key.ts";
import {
  KEYS,
  MAX_LIST_BYTES,
  MAX_SNAPSHOT_BYTES,
  PACKS,
  parseList,
  parseSnapshot,
  SNAPSHOT_ID,
  SNAPSHOTS,
  type SnapshotFile,
  type SnapshotHeader,
} from "./snapshot.ts";
import { MAX_KEYS_BYTES, parseKeys, type SnapshotKeys } from "./snapshot-keys.ts";
import { type BackupStore, damagedObject } from "./store.ts";

/** Ids of all snapshots, the newest first. */
export async function listSnapshots(store: BackupStore): Promise<string[]> {
  return (await store.list(SNAPSHOTS))
    .map(({ name }) => name.slice(SNAPSHOTS.length + 1))
    .filter((id) => SNAPSHOT_ID.test(id))
    .sort()
    .reverse();
}

export interface Snapshot {
  header: SnapshotHeader;
  list: Buffer;
}

/** The header proved to be sealed by this key. Throws store/*, backup/unknown_format and backup/not_authentic. */
export async function readSnapshot(
  store: BackupStore,
  id: string,
  sealKey: string,
): Promise<Snapshot> {
  const parsed = parseSnapshot(await store.read(`${SNAPSHOTS}/${id}`, MAX_SNAPSHOT_BYTES), sealKey);
  if (parsed.status === "ok" && parsed.header.id === id) return parsed;
  if (parsed.status === "unknown")
    throw new HostError({
      code: "backup/unknown_format",
      message: `The backup ${id} is none that this version of Rockpool knows.`,
      fix: "A newer one needs a newer Rockpool. Otherwise it is damaged: use another one (`npx rockpool backup list`).",
    });
  throw new HostError({
    code: "backup/not_authentic",
    message: `The backup ${id} was changed since it was made, or made with another recovery key.`,
    fix: "Use the recovery key of this store, or another backup (`npx rockpool backup list`); nothing was replaced.",
  });
}

/** What opens the data of snapshots up to this one. */
export async function readKeys(
  store: BackupStore,
  { header }: Snapshot,
  key: RecoveryKey,
): Promise<SnapshotKeys> {
  const name = `${KEYS}/${header.id}`;
  const object = await readProved(store, name, header.keys, MAX_KEYS_BYTES);
  const text = (await open(store, name, object, key, MAX_KEYS_BYTES)).toString("utf8");
  const keys = parseKeys(text);
  if (!keys) throw damagedObject(store.place, name, "it cannot be understood");
  return keys;
}

export async function readList(
  store: BackupStore,
  { header, list }: Snapshot,
  key: RecoveryKey,
): Promise<SnapshotFile[]> {
  const name = `${SNAPSHOTS}/${header.id}`;
  if (list.length !== header.list.sizeBytes || sha256(list) !== header.list.sha256)
    throw damagedObject(store.place, name, "its list of files is not as its header says");
  const files = parseList((await open(store, name, list, key, MAX_LIST_BYTES)).toString("utf8"));
  if (!files) throw damagedObject(store.place, name, "its list of files cannot be understood");
  return files;
}

interface Piece {
  file: string;
  position: number;
  offset: number;
  length: number;
}

/** Writes all files below `to`. Throws store/damaged unless each is byte for byte what was stored. */
export async function unpackFiles(
  store: BackupStore,
  { header }: Snapshot,
  files: readonly SnapshotFile[],
  key: RecoveryKey,
  to: string,
  progress: (doneBytes: number) => void,
): Promise<void> {
  const pieces = makeFiles(files, to);
  let doneBytes = 0;
  for (const [index, pack] of header.packs.entries()) {
    const name = `${PACKS}/${pack.id}`;
    const object = await readProved(store, name, pack, MAX_PACK_OBJECT_BYTES);
    const content = await open(store, name, object, key, MAX_PACK_BYTES);
    for (const { file, position, offset, length } of pieces.get(index) ?? []) {
      if (offset + length > content.length)
        throw damagedObject(store.place, name, "it is shorter than the list of files says");
      writeAt(file, content.subarray(offset, offset + length), position);
      doneBytes += length;
    }
    progress(doneBytes);
  }
  for (const file of files) {
    const path = join(to, file.path);
    if ((await fileSha256(path)) !== file.sha256)
      throw damagedObject(store.place, `${SNAPSHOTS}/${header.id}`, `${file.path} does not fit`);
    syncFolder(path); // a file is put on the disk as a folder is
  }
  for (const folder of new Set(files.map(({ path }) => dirname(path))))
    syncFolder(join(to, folder));
}

/** Makes each file at its full size; answers what is to be written into them, by pack. */
function makeFiles(files: readonly SnapshotFile[], to: string): Map<number, Piece[]> {
  const pieces = new Map<number, Piece[]>();
  for (const { path, sizeBytes, parts } of files) {
    const file = join(to, path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const made = openSync(file, "wx", 0o600);
    ftruncateSync(made, sizeBytes);
    closeSync(made);
    let position = 0;
    for (let at = 0; at + 2 < parts.length; at += 3) {
      const [pack = 0, offset = 0, length = 0] = parts.slice(at, at + 3);
      if (position + length > sizeBytes) break; // the hash of the file says so too
      const ofPack = pieces.get(pack) ?? [];
      ofPack.push({ file, position, offset, length });
      pieces.set(pack, ofPack);
      position += length;
    }
  }
  return pieces;
}

function writeAt(path: string, bytes: Buffer, position: number): void {
  const file = openSync(path, "r+");
  try {
    let written = 0;
    while (written < bytes.length)
      written += writeSync(file, bytes, written, bytes.length - written, position + written);
  } finally {
    closeSync(file);
  }
}

/** An object with the size and hash that a sealed header states. */
export async function readProved(
  store: BackupStore,
  name: string,
  expected: { sizeBytes: number; sha256: string },
  maxBytes: number,
): Promise<Buffer> {
  const bytes = await store.read(name, Math.min(maxBytes, expected.sizeBytes));
  if (bytes.length !== expected.sizeBytes || sha256(bytes) !== expected.sha256)
    throw damagedObject(store.place, name, "it is not as the snapshot says");
  return bytes;
}

async function open(
  store: BackupStore,
  name: string,
  bytes: Buffer,
  key: RecoveryKey,
  maxBytes: number,
): Promise<Buffer> {
  try {
    return await decryptWith(key.identity, bytes, maxBytes);
  } catch {
    throw damagedObject(store.place, name, "it does not open with this recovery key");
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
