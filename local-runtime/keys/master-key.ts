/**
 * The master key: 32 bytes that open everything stored. Made once, on the very first start, unless it is given; a folder
 * with data and no key, or with another key, is refused: a new key would not open the old data.
 */
import { createHmac, hkdfSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { removeFile, writeFileAtomic } from "../atomic-file.ts";
import { type DataFolder, explainFileErrors, listFolder } from "../data-folder.ts";
import { EXIT, HostError, systemCode } from "../host-error.ts";
import { type KeySource, loadNextKey, unwrapKey } from "./next-key.ts";

export const MASTER_KEY_BYTES = 32;
/** A data folder, and its master key where that is in no file. */
export interface KeyedFolder extends DataFolder {
  source?: KeySource;
  heldKey?: Buffer;
}

/** Loads the key of the folder, or makes it on the first start. Throws key/*. The folder's lock must be held. */
export function openMasterKey(folder: KeyedFolder): Buffer {
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
export function loadMasterKey(folder: KeyedFolder): Buffer | undefined {
  const key = folder.heldKey ?? readIfThere(folder.masterKey);
  if (key === undefined) {
    if (listFolder(folder.objects).length > 0) throw missingKey(folder);
    return undefined;
  }
  if (key.length !== MASTER_KEY_BYTES) throw wrongLength(folder, key.length);
  const expected = storedId(folder);
  const actual = masterKeyId(key);
  if (expected !== undefined && expected !== actual && !isOnItsWay(folder, key))
    throw wrongKey(folder, expected, actual);
  return key;
}

/**
 * All keys that the vault may be wrapped by, the likelier one first: two while one takes the other's place. `known` is
 * the key that the folder was opened with.
 */
export function presentKeys(folder: KeyedFolder, known: Buffer): Buffer[] {
  const own = (folder.heldKey ? undefined : readIfThere(folder.masterKey)) ?? known;
  const next = loadNextKey(folder);
  const opened = next && (unwrapKey(next.wrapped, own) ?? unwrapKey(next.wrapped, known));
  return opened && !opened.equals(own) ? [own, opened] : [own];
}

/** Whether the key is the one that is being replaced, or the one that replaces it. */
function isOnItsWay(folder: DataFolder, key: Buffer): boolean {
  const next = loadNextKey(folder);
  return (
    next !== undefined &&
    (next.id === masterKeyId(key) || unwrapKey(next.wrapped, key) !== undefined)
  );
}

/** As {@link loadMasterKey}, for what lasts: throws key/move_unfinished while one key takes another's place. */
export function loadSettledKey(folder: KeyedFolder): Buffer | undefined {
  const key = loadMasterKey(folder);
  if (!loadNextKey(folder)) return key;
  throw new HostError({
    code: "key/move_unfinished",
    message: "The move to a new master key is not finished yet.",
    fix: "Start the server anew (`npx rockpool down`, then `npm start`): it finishes it. Then run this again.",
    exitStatus: EXIT.temporary,
  });
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

/** Stays as it is: another one makes another secret, and what the box has said is no longer believed. */
const BOX_SECRET_LABEL = "rockpool cookie key";

/** Writes the key that vouches for what the box itself has said, derived from the master key, for workerd to embed. */
export function writeBoxSecret(folder: DataFolder, masterKey: Uint8Array): string {
  const key = hkdfSync("sha256", masterKey, "", BOX_SECRET_LABEL, MASTER_KEY_BYTES);
  const path = join(folder.run, "box-secret.key");
  explainFileErrors(folder.root, () => writeFileAtomic(path, new Uint8Array(key)));
  return path;
}

function missingKey(folder: DataFolder): HostError {
  return new HostError({
    code: "key/missing",
    message: `${folder.masterKey} is missing, and the stored messages cannot be read without it.`,
    fix: "Put it back from where you keep its copy, or set ROCKPOOL_MASTER_KEY where you moved it into the environment. To begin anew without the old data, move the data folder away.",
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
