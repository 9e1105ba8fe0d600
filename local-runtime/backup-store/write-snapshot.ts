/**
 * Stores a copied folder as a snapshot: chunks that the store lacks, the keys, and last the snapshot's own object. Killed
 * before that, it leaves objects that no snapshot names; pruning takes those away.
 */
import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { listFiles } from "../backup/backup-copy.ts";
import { encryptTo } from "./envelope.ts";
import type { KnownChunk, KnownChunks, KnownPack } from "./known-chunks.ts";
import { CHUNK_BYTES, PackWriter } from "./pack-writer.ts";
import type { BoxKeys } from "./recovery-key.ts";
import {
  FORMAT,
  KEYS,
  makeSnapshotId,
  renderSnapshot,
  SNAPSHOTS,
  type SnapshotFile,
  type SnapshotHeader,
} from "./snapshot.ts";
import { encryptKeys, isVaultFile, readVault } from "./snapshot-keys.ts";
import type { BackupStore } from "./store.ts";

export interface SnapshotSource {
  /** Holds `objects/` and the small files, and stands still. */
  folder: string;
  databases: number;
  atMs: number;
  version: string;
  masterKey: Uint8Array;
  masterKeyId: string;
}

export interface WrittenSnapshot {
  header: SnapshotHeader;
  /** Of the whole snapshot. */
  chunks: KnownChunks;
}

export async function writeSnapshot(
  store: BackupStore,
  keys: BoxKeys,
  known: KnownChunks,
  source: SnapshotSource,
  progress: (doneBytes: number) => void,
): Promise<WrittenSnapshot> {
  const writer = new PackWriter(store, keys, known);
  const packs = new Map<KnownPack, number>();
  const files: SnapshotFile[] = [];
  let doneBytes = 0;
  for (const path of listFiles(source.folder).filter((name) => !isVaultFile(name))) {
    const file = await addFile(join(source.folder, path), path, writer, packs);
    files.push(file);
    doneBytes += file.sizeBytes;
    progress(doneBytes);
  }
  await writer.finish();
  const id = makeSnapshotId(source.atMs, randomBytes(2).toString("hex"));
  const vault = readVault(source.folder);
  for (const { content } of vault) doneBytes += content.length;
  const opening = { masterKey: Buffer.from(source.masterKey), files: vault };
  const keyObject = await encryptKeys(opening, keys.recipient);
  await store.write(`${KEYS}/${id}`, keyObject);
  const list = await encryptTo(keys.recipient, Buffer.from(JSON.stringify({ files })));
  const header: SnapshotHeader = {
    format: FORMAT,
    id,
    createdAt: new Date(source.atMs).toISOString(),
    version: source.version,
    recoveryKeyId: keys.id,
    masterKeyId: source.masterKeyId,
    databases: source.databases,
    files: files.length + vault.length,
    dataBytes: doneBytes,
    addedBytes: writer.addedBytes,
    packs: [...packs.keys()].map(({ id, sizeBytes, sha256 }) => ({ id, sizeBytes, sha256 })),
    keys: describe(keyObject),
    list: describe(list),
  };
  await store.write(`${SNAPSHOTS}/${id}`, renderSnapshot(header, list, keys.sealKey));
  return { header, chunks: writer.chunks };
}

function describe(bytes: Uint8Array): { sizeBytes: number; sha256: string } {
  return { sizeBytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
}

async function addFile(
  file: string,
  path: string,
  writer: PackWriter,
  packs: Map<KnownPack, number>,
): Promise<SnapshotFile> {
  const hash = createHash("sha256");
  const parts: number[] = [];
  let sizeBytes = 0;
  // A stream of a file answers full pieces, but for the last.
  for await (const piece of createReadStream(file, { highWaterMark: CHUNK_BYTES })) {
    hash.update(piece);
    sizeBytes += piece.length;
    addPart(parts, await writer.add(piece), packs);
  }
  return { path, sizeBytes, sha256: hash.digest("hex"), parts };
}

/** Joined to the part before where it goes on there. */
function addPart(
  parts: number[],
  { pack, offset, length }: KnownChunk,
  packs: Map<KnownPack, number>,
): void {
  const index = packs.get(pack) ?? packs.size;
  packs.set(pack, index);
  const [lastIndex, lastOffset = 0, lastLength = 0] = parts.slice(-3);
  if (lastIndex === index && lastOffset + lastLength === offset)
    parts[parts.length - 1] = lastLength + length;
  else parts.push(index, offset, length);
}
