/** Unpacks a backup into an empty folder and proves every byte of it: its list, its files, its databases. */
import { createHash } from "node:crypto";
import { createWriteStream, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { syncFolder } from "../atomic-file.ts";
import { type ArchiveEntry, damaged, readArchive } from "./backup-archive.ts";
import { settleDatabases } from "./backup-databases.ts";
import {
  type BackupFile,
  MANIFEST_NAME,
  MAX_MANIFEST_BYTES,
  type Manifest,
  openManifest,
  SEAL_BYTES,
  SEAL_NAME,
} from "./backup-manifest.ts";
import { verifySpace } from "./backup-space.ts";

const OWNER_ONLY = 0o600;
const PRIVATE_FOLDER = 0o700;

export interface Extracted {
  manifest: Manifest;
  databases: number;
}

/** Throws backup/*. `accept` sees the list before anything is unpacked, and throws to refuse it. */
export async function extractBackup(
  archive: string,
  to: string,
  masterKey: Uint8Array,
  accept: (manifest: Manifest) => void,
): Promise<Extracted> {
  const entries = readArchive(archive);
  try {
    const manifest = openManifest(
      {
        manifest: await readSmall(entries, MANIFEST_NAME, MAX_MANIFEST_BYTES),
        seal: await readSmall(entries, SEAL_NAME, SEAL_BYTES),
      },
      masterKey,
    );
    accept(manifest);
    verifySpace(
      to,
      manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0),
    );
    const folders = await unpack(entries, to, manifest.files);
    const databases = settleDatabases(to);
    for (const folder of folders) syncFolder(folder);
    return { manifest, databases };
  } finally {
    await entries.return();
  }
}

async function readSmall(
  entries: AsyncGenerator<ArchiveEntry, void>,
  name: string,
  maxBytes: number,
): Promise<Buffer> {
  const { value: entry } = await entries.next();
  if (entry?.path !== name || entry.sizeBytes > maxBytes)
    throw damaged(`it does not begin with ${MANIFEST_NAME} and ${SEAL_NAME}`);
  const parts: Buffer[] = [];
  for await (const part of entry.content) parts.push(part);
  return Buffer.concat(parts);
}

/** Answers the folders that were made, the innermost first. */
async function unpack(
  entries: AsyncGenerator<ArchiveEntry, void>,
  to: string,
  files: readonly BackupFile[],
): Promise<string[]> {
  const missing = new Map(files.map((file) => [file.path, file]));
  const folders = new Set([to]);
  for await (const entry of entries) {
    const file = missing.get(entry.path);
    if (file?.sizeBytes !== entry.sizeBytes) throw damaged("a file is not as its list says");
    missing.delete(entry.path);
    const path = join(to, entry.path);
    mkdirSync(dirname(path), { recursive: true, mode: PRIVATE_FOLDER });
    for (let folder = dirname(path); folder !== to; folder = dirname(folder)) folders.add(folder);
    if ((await writeHashed(entry, path)) !== file.sha256)
      throw damaged("a file is not as its list says");
  }
  if (missing.size > 0) throw damaged("files are missing in it");
  return [...folders].sort((a, b) => b.length - a.length);
}

/** Answers the SHA-256 of what was written. */
async function writeHashed(entry: ArchiveEntry, path: string): Promise<string> {
  const hash = createHash("sha256");
  async function* hashed() {
    for await (const chunk of entry.content) {
      hash.update(chunk);
      yield chunk;
    }
  }
  const target = createWriteStream(path, { flags: "wx", mode: OWNER_ONLY, flush: true });
  await pipeline(Readable.from(hashed()), target);
  return hash.digest("hex");
}
