/**
 * What opens the data of a snapshot, in an object of its own: the master key, and the files of the vault, which hold every
 * wrapped key. Keys of older snapshots go after a while: those of a newer one open the same data, but for what was sealed
 * with keys that were destroyed since. So whoever is erased can, after that while, be read in no backup of the store.
 */
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as v from "valibot";
import { syncFolder } from "../atomic-file.ts";
import { listFiles } from "../backup/backup-copy.ts";
import { encryptTo } from "./envelope.ts";
import { KEYS } from "./snapshot.ts";
import type { BackupStore } from "./store.ts";

/** Folder of the object that holds the keys, below the data folder. */
const VAULT = "objects/vault";
/** So many of the newest snapshots have keys of their own. */
export const KEYS_KEPT = 7;
/** Of a hundred thousand people, and years of days. */
export const MAX_KEYS_BYTES = 256 * 1024 * 1024;

const KeysSchema = v.strictObject({
  masterKey: v.pipe(v.string(), v.base64()),
  files: v.array(
    v.strictObject({
      path: v.pipe(v.string(), v.regex(/^objects\/vault\/[\w-]+\.sqlite$/)),
      content: v.pipe(v.string(), v.base64()),
    }),
  ),
});

export interface SnapshotKeys {
  masterKey: Buffer;
  files: { path: string; content: Buffer }[];
}

export function isVaultFile(path: string): boolean {
  return path.startsWith(`${VAULT}/`);
}

/** Of a copied folder that stands still. */
export function readVault(folder: string): SnapshotKeys["files"] {
  return listFiles(folder)
    .filter(isVaultFile)
    .map((path) => ({ path, content: readFileSync(join(folder, path)) }));
}

export async function encryptKeys(keys: SnapshotKeys, recipient: string): Promise<Uint8Array> {
  const text = JSON.stringify({
    masterKey: keys.masterKey.toString("base64"),
    files: keys.files.map(({ path, content }) => ({ path, content: content.toString("base64") })),
  });
  return await encryptTo(recipient, Buffer.from(text));
}

/** Undefined for what is none. */
export function parseKeys(text: string): SnapshotKeys | undefined {
  try {
    const { masterKey, files } = v.parse(KeysSchema, JSON.parse(text));
    return {
      masterKey: Buffer.from(masterKey, "base64"),
      files: files.map(({ path, content }) => ({ path, content: Buffer.from(content, "base64") })),
    };
  } catch {
    return undefined;
  }
}

/** Puts the vault in its place below an empty folder. */
export function writeVault(keys: SnapshotKeys, to: string): void {
  for (const { path, content } of keys.files) {
    const file = join(to, path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    closeSync(openSync(file, "wx", 0o600));
    writeFileSync(file, content);
    syncFolder(file);
    syncFolder(dirname(file));
  }
}

/** The snapshot whose keys open this one: itself, or the next newer one that still has its own. */
export async function findKeysOf(
  store: BackupStore,
  id: string,
  newestFirst: readonly string[],
): Promise<string | undefined> {
  const present = new Set((await store.list(KEYS)).map(({ name }) => name));
  const isUsable = (candidate: string) => candidate >= id && present.has(`${KEYS}/${candidate}`);
  return newestFirst.filter(isUsable).at(-1);
}
