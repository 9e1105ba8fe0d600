/**
 * The list of what a backup holds: its first entry, sealed by a code that only the owner of the master key can make. A
 * backup that was kept at a stranger's cannot come back changed.
 */
import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import * as v from "valibot";
import { HostError } from "../host-error.ts";
import { MASTER_KEY_BYTES, masterKeyId } from "../keys/master-key.ts";
import { isSafePath } from "./backup-archive-header.ts";

export const MANIFEST_NAME = "manifest.json";
export const SEAL_NAME = "manifest.seal";
/** A hundred thousand conversations take some 20 MB. */
export const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;
export const SEAL_BYTES = 64;
const FORMAT = 1;

/** Paths inside of the data folder that a backup may hold; `objects/` stands for all below it. */
const OBJECTS_PREFIX = "objects/";
const SINGLE_FILES: readonly string[] = ["egress.json"];

const FileSchema = v.strictObject({
  path: v.pipe(v.string(), v.check(isBackupPath, "a file of the data folder is expected")),
  sizeBytes: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
});

const ManifestSchema = v.object({
  format: v.literal(FORMAT),
  /** Of Rockpool. */
  version: v.string(),
  createdAt: v.pipe(v.string(), v.isoTimestamp()),
  /** Fingerprint of the master key that opens what is inside. */
  masterKeyId: v.string(),
  files: v.pipe(
    v.array(FileSchema),
    v.check((files) => new Set(files.map(({ path }) => path)).size === files.length),
  ),
});

export type BackupFile = v.InferOutput<typeof FileSchema>;
export type Manifest = v.InferOutput<typeof ManifestSchema>;

function isBackupPath(path: string): boolean {
  return isSafePath(path) && (path.startsWith(OBJECTS_PREFIX) || SINGLE_FILES.includes(path));
}

export interface SealedManifest {
  manifest: Buffer;
  seal: Buffer;
}

export function sealManifest(
  content: Omit<Manifest, "format" | "masterKeyId">,
  masterKey: Uint8Array,
): SealedManifest {
  const whole: Manifest = { format: FORMAT, masterKeyId: masterKeyId(masterKey), ...content };
  const manifest = Buffer.from(`${JSON.stringify(whole, undefined, 1)}\n`);
  return { manifest, seal: Buffer.from(sealOf(manifest, masterKey)) };
}

/** Throws backup/unknown_format, backup/wrong_key and backup/not_authentic. */
export function openManifest(sealed: SealedManifest, masterKey: Uint8Array): Manifest {
  const manifest = parseManifest(sealed.manifest);
  const present = masterKeyId(masterKey);
  if (manifest.masterKeyId !== present)
    throw new HostError({
      code: "backup/wrong_key",
      message: `The backup was made with another master key (${manifest.masterKeyId}) than the present one (${present}).`,
      fix: "Put the master.key that you kept with this backup into the data folder, then run this again.",
    });
  const expected = Buffer.from(sealOf(sealed.manifest, masterKey));
  if (sealed.seal.length !== expected.length || !timingSafeEqual(sealed.seal, expected))
    throw new HostError({
      code: "backup/not_authentic",
      message: "The backup's list of files was changed since it was made.",
      fix: "Use another copy of it; nothing was replaced.",
    });
  return manifest;
}

function parseManifest(bytes: Buffer): Manifest {
  try {
    return v.parse(ManifestSchema, JSON.parse(bytes.toString("utf8")));
  } catch (error) {
    throw new HostError({
      code: "backup/unknown_format",
      message: "The archive is no backup that this version of Rockpool knows.",
      fix: "Check that it is a file that `npx rockpool backup` wrote; a newer one needs a newer Rockpool.",
      cause: error,
    });
  }
}

/** Hexadecimal, {@link SEAL_BYTES} long. */
function sealOf(manifest: Buffer, masterKey: Uint8Array): string {
  const key = hkdfSync("sha256", masterKey, "", "rockpool backup seal", MASTER_KEY_BYTES);
  return createHmac("sha256", Buffer.from(key)).update(manifest).digest("hex");
}
