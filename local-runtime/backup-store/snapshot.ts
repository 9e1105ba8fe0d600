/**
 * A snapshot: the state of the data folder at one moment, as an object `snapshots/<id>` of the store. First a header in
 * JSON and its seal (HMAC), a line each, which the box can read and prove; then the encrypted list of files. Pure.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import * as v from "valibot";
import { isSafePath } from "../backup/backup-archive-header.ts";

export const FORMAT = 1;
export const SNAPSHOTS = "snapshots";
export const PACKS = "packs";
export const KEYS = "keys";
/** A million packs of 140 bytes each would be 8 TB of data. */
export const MAX_SNAPSHOT_BYTES = 256 * 1024 * 1024;
/** Of the list of files, unpacked. */
export const MAX_LIST_BYTES = 256 * 1024 * 1024;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

export const SNAPSHOT_ID = /^\d{8}-\d{9}-[0-9a-f]{4}$/;

const ObjectSchema = v.strictObject({
  id: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
  sizeBytes: count,
  sha256,
});

const HeaderSchema = v.strictObject({
  format: v.literal(FORMAT),
  id: v.pipe(v.string(), v.regex(SNAPSHOT_ID)),
  createdAt: v.pipe(v.string(), v.isoTimestamp()),
  /** Of Rockpool. */
  version: v.pipe(v.string(), v.regex(/^\d+\.\d+\.\d+(?:-[\w.]+)?$/)),
  recoveryKeyId: v.string(),
  masterKeyId: v.string(),
  databases: count,
  files: count,
  dataBytes: count,
  /** What this snapshot added to the store. */
  addedBytes: count,
  packs: v.array(ObjectSchema),
  /** `keys/<id>`: what opens the data, in an object of its own. */
  keys: v.strictObject({ sizeBytes: count, sha256 }),
  list: v.strictObject({ sizeBytes: count, sha256 }),
});

const FileSchema = v.strictObject({
  path: v.pipe(v.string(), v.check(isSnapshotPath, "a file of the data folder is expected")),
  sizeBytes: count,
  sha256,
  /** Parts in order, three numbers each: index of the pack, offset in its content, length. */
  parts: v.array(count),
});

const ListSchema = v.strictObject({
  files: v.pipe(
    v.array(FileSchema),
    v.check((files) => new Set(files.map(({ path }) => path)).size === files.length),
  ),
});

export type SnapshotHeader = v.InferOutput<typeof HeaderSchema>;
export type PackRecord = v.InferOutput<typeof ObjectSchema>;
export type SnapshotFile = v.InferOutput<typeof FileSchema>;

/** Files beside the objects that a snapshot holds. */
const SINGLE_FILES: readonly string[] = ["egress.json"];

function isSnapshotPath(path: string): boolean {
  return isSafePath(path) && (path.startsWith("objects/") || SINGLE_FILES.includes(path));
}

/** In UTC to the millisecond, with a random end: sorts by time. */
export function makeSnapshotId(atMs: number, random: string): string {
  const digits = new Date(atMs).toISOString().replace(/\D/g, "");
  return `${digits.slice(0, 8)}-${digits.slice(8)}-${random}`;
}

export function renderSnapshot(
  header: SnapshotHeader,
  list: Uint8Array,
  sealKey: string,
): Uint8Array {
  const text = JSON.stringify(header);
  return Buffer.concat([Buffer.from(`${text}\n${sealOf(text, sealKey)}\n`), list]);
}

export type ParsedSnapshot =
  | { status: "ok"; header: SnapshotHeader; list: Buffer }
  | { status: "unknown" }
  | { status: "forged" };

/** `unknown`: not of this format. `forged`: not sealed by this key, or changed. */
export function parseSnapshot(bytes: Buffer, sealKey: string): ParsedSnapshot {
  const end = bytes.indexOf(0x0a);
  const sealEnd = bytes.indexOf(0x0a, end + 1);
  if (end < 0 || sealEnd < 0) return { status: "unknown" };
  const text = bytes.toString("utf8", 0, end);
  const seal = bytes.subarray(end + 1, sealEnd);
  const header = parseJson(text, HeaderSchema);
  if (!header) return { status: "unknown" };
  const expected = Buffer.from(sealOf(text, sealKey));
  if (seal.length !== expected.length || !timingSafeEqual(seal, expected))
    return { status: "forged" };
  return { status: "ok", header, list: bytes.subarray(sealEnd + 1) };
}

/** Undefined for what is no list of files. */
export function parseList(text: string): SnapshotFile[] | undefined {
  return parseJson(text, ListSchema)?.files;
}

function parseJson<Output>(text: string, schema: v.GenericSchema<unknown, Output>) {
  try {
    const parsed = v.safeParse(schema, JSON.parse(text));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

function sealOf(text: string, sealKey: string): string {
  return createHmac("sha256", Buffer.from(sealKey, "hex")).update(text).digest("hex");
}
