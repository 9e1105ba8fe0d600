/**
 * What the newest snapshot is made of, as the box remembers it: chunks that need not be stored again. Only a help: where
 * it is lost, or the store lost a pack, or one was found damaged, the chunks are stored anew.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import * as v from "valibot";
import { writeFileAtomic } from "../atomic-file.ts";
import type { DataFolder } from "../data-folder.ts";
import type { PackRecord } from "./snapshot.ts";
import type { StoredObject } from "./store.ts";

/** A pack of which less than this share is in use is written anew, so that pruning can take it away. */
const LEAST_LIVE_SHARE = 0.5;
const MAX_BYTES = 512 * 1024 * 1024;

export interface KnownPack extends PackRecord {
  /** Of the chunks in it, unpacked. */
  contentBytes: number;
}

export interface KnownChunk {
  pack: KnownPack;
  offset: number;
  length: number;
}

/** By the chunk's id. */
export type KnownChunks = Map<string, KnownChunk>;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const KnownSchema = v.strictObject({
  place: v.string(),
  recoveryKeyId: v.string(),
  packs: v.array(
    v.strictObject({ id: v.string(), sizeBytes: count, sha256: v.string(), contentBytes: count }),
  ),
  chunks: v.array(v.tuple([v.string(), count, count, count])),
});

type Known = v.InferOutput<typeof KnownSchema>;

interface Owner {
  place: string;
  recoveryKeyId: string;
}

function knownFile(folder: DataFolder): string {
  return join(folder.backups, "known-chunks.json.gz");
}

/** Chunks of packs that the store still has, whole by their size, and mostly in use. */
export function loadKnownChunks(
  folder: DataFolder,
  owner: Owner,
  stored: readonly StoredObject[],
): KnownChunks {
  const known = readKnown(folder);
  if (known?.place !== owner.place || known.recoveryKeyId !== owner.recoveryKeyId) return new Map();
  const sizes = new Map(stored.map(({ name, sizeBytes }) => [name, sizeBytes]));
  const live = new Map<number, number>();
  for (const [, pack, , length] of known.chunks) live.set(pack, (live.get(pack) ?? 0) + length);
  const isUsable = known.packs.map(
    (pack, index) =>
      sizes.get(`packs/${pack.id}`) === pack.sizeBytes &&
      (live.get(index) ?? 0) >= LEAST_LIVE_SHARE * pack.contentBytes,
  );
  return new Map(
    known.chunks.flatMap(([id, index, offset, length]) => {
      const pack = known.packs[index];
      return pack && isUsable[index] ? [[id, { pack, offset, length }] as const] : [];
    }),
  );
}

/** What stands in these packs is stored anew by the next backup. */
export function forgetPacks(folder: DataFolder, ids: ReadonlySet<string>): void {
  const known = readKnown(folder);
  if (!known) return;
  const isForgotten = ({ id }: { id: string }) => ids.has(id);
  if (!known.packs.some(isForgotten)) return;
  const chunks = known.chunks.filter(([, index]) => {
    const pack = known.packs[index];
    return pack !== undefined && !isForgotten(pack);
  });
  writeKnown(folder, { ...known, chunks });
}

function readKnown(folder: DataFolder): Known | undefined {
  try {
    const text = gunzipSync(readFileSync(knownFile(folder)), { maxOutputLength: MAX_BYTES });
    return v.parse(KnownSchema, JSON.parse(text.toString("utf8")));
  } catch {
    return undefined; // missing or damaged: everything is stored anew
  }
}

export function writeKnownChunks(folder: DataFolder, owner: Owner, chunks: KnownChunks): void {
  const packs = [...new Set([...chunks.values()].map(({ pack }) => pack))];
  const indices = new Map(packs.map((pack, index) => [pack, index]));
  const list = [...chunks].map(([id, { pack, offset, length }]): Known["chunks"][number] => [
    id,
    indices.get(pack) ?? 0,
    offset,
    length,
  ]);
  writeKnown(folder, { ...owner, packs, chunks: list });
}

function writeKnown(folder: DataFolder, known: Known): void {
  writeFileAtomic(knownFile(folder), gzipSync(JSON.stringify(known), { level: 1 }));
}
