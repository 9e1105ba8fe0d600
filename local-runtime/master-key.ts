/**
 * The master key: 32 random bytes that open everything stored. Made once, on the very first start; a folder with data and
 * no key, or with another key, is refused: a new key would not open the old data.
 */
import { createHmac, hkdfSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { removeFile, writeFileAtomic } from "./atomic-file.ts";
import { type DataFolder, explainFileErrors, listFolder } from "./data-folder.ts";
import { EXIT, HostError, systemCode } from "./host-error.ts";

export const MASTER_KEY_BYTES = 32;

/** Loads the key of the folder, or makes it on the first start. Throws key/*. The folder's lock must be held. */
export function openMasterKey(folder: DataFolder): Buffer {
  return explainFileErrors(folder.root, () => {
    const key = loadMasterKey(folder) ?? makeMasterKey(folder);
    if (storedId(folder) === undefined)
      writeFileAtomic(folder.masterKeyId, `${masterKeyId(key)}\n`);
    return key;
  });
}

/**
 * The key that is there, checked; undefined on a folder that was never started. Throws key/missing, key/wrong_length and
 * key/wrong. Changes nothing.
 */
export function loadMasterKey(folder: DataFolder): Buffer | undefined {
  const key = readIfThere(folder.masterKey);
  if (key === undefined) {
    if (listFolder(folder.objects).length > 0) throw missingKey(folder);
    return undefined;
  }
  if (key.length !== MASTER_KEY_BYTES) throw wrongLength(folder, key.length);
  const expected = storedId(folder);
  const actual = masterKeyId(key);
  if (expected !== undefined && expected !== actual) throw wrongKey(folder, expected, actual);
  return key;
}

function makeMasterKey(folder: DataFolder): Buffer {
  // Without a key and without data an id left over by a crash says nothing.
  removeFile(folder.masterKeyId);
  const key = randomBytes(MASTER_KEY_BYTES);
  writeFileAtomic(folder.masterKey, key);
  return key;
}

/** A fingerprint of the key: 16 hexadecimal digits. */
export function masterKeyId(key: Uint8Array): string {
  return createHmac("sha256", key).update("rockpool master key id").digest("hex").slice(0, 16);
}

/** Writes the key that vouches for what the box has said to browsers, derived from the master key, for workerd to embed. */
export function writeCookieKey(folder: DataFolder, masterKey: Uint8Array): string {
  const key = hkdfSync("sha256", masterKey, "", "rockpool cookie key", MASTER_KEY_BYTES);
  const path = join(folder.run, "cookie.key");
  explainFileErrors(folder.root, () => writeFileAtomic(path, new Uint8Array(key)));
  return path;
}

function missingKey(folder: DataFolder): HostError {
  return new HostError({
    code: "key/missing",
    message: `${folder.masterKey} is missing, and the stored messages cannot be read without it.`,
    fix: "Put it back from where you keep its copy. To begin anew without the old data, move the data folder away.",
    exitStatus: EXIT.config,
  });
}

function wrongLength(folder: DataFolder, sizeBytes: number): HostError {
  return new HostError({
    code: "key/wrong_length",
    message: `${folder.masterKey} has ${sizeBytes} bytes; a master key has ${MASTER_KEY_BYTES}.`,
    fix: "Put the right master.key back from where you keep its copy.",
    exitStatus: EXIT.config,
  });
}

function wrongKey(folder: DataFolder, expected: string, actual: string): HostError {
  return new HostError({
    code: "key/wrong",
    message: `${folder.masterKey} is not the key that this data was written with (expected ${expected}, found ${actual}).`,
    fix: "Put the right master.key back from where you keep its copy.",
    exitStatus: EXIT.config,
  });
}

function storedId(folder: DataFolder): string | undefined {
  return readIfThere(folder.masterKeyId)?.toString("utf8").trim();
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
