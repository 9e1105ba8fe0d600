/** The end of a move to a new master key: its place taken, the old one kept or destroyed. */
import { existsSync, linkSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { removeFile, syncFolder, writeFileAtomic } from "../atomic-file.ts";
import { type DataFolder, explainFileErrors } from "../data-folder.ts";
import { masterKeyId } from "./master-key.ts";
import { loadNextKey, type NextKey, unwrapKey } from "./next-key.ts";

export type Settled = "nothing" | "discarded" | "moved";

/**
 * Ends a move, after what the vault says: by which key it has wrapped the data keys. `key` is one that opens
 * master.key.next, or the new one. Each step may be the last before a crash; running it again goes on.
 */
export function settleNextKey(
  folder: DataFolder,
  key: Uint8Array,
  vaultKeyId: string | undefined,
): Settled {
  const next = loadNextKey(folder);
  if (!next) return "nothing";
  return explainFileErrors(folder.root, () => {
    if (vaultKeyId !== next.id) {
      removeFile(folder.masterKeyNext);
      return "discarded";
    }
    const isNew = masterKeyId(key) === next.id;
    const newKey = isNew ? key : unwrapKey(next.wrapped, key);
    if (newKey) moveTo(folder, next, newKey, isNew);
    return "moved";
  });
}

/** `isNew`: whoever asks has the new key already. */
function moveTo(folder: DataFolder, next: NextKey, newKey: Uint8Array, isNew: boolean): void {
  if (next.to === "passphrase")
    writeFileAtomic(folder.masterKeyPassphrase, next.passphrase ?? "{}");
  writeFileAtomic(folder.masterKeyId, `${next.id}\n`);
  putOldAside(folder, next);
  if (next.to === "file") writeFileAtomic(folder.masterKey, newKey);
  else removeFile(folder.masterKey);
  if (next.to !== "passphrase") removeFile(folder.masterKeyPassphrase);
  removeOld(folder, next);
  // A server that holds the old key in memory reads the new one here, until it is started with that.
  if (next.to === "file" || isNew) removeFile(folder.masterKeyNext);
}

function asidePath(folder: DataFolder, { id }: NextKey): string {
  return `${folder.masterKey}.before-${id}`;
}

/** A second name of the present key's file, unless that holds the new key already. */
function putOldAside(folder: DataFolder, next: NextKey): void {
  const aside = asidePath(folder, next);
  if (!existsSync(folder.masterKey) || existsSync(aside)) return;
  if (masterKeyId(readFileSync(folder.masterKey)) !== next.id) linkSync(folder.masterKey, aside);
}

/** Written over first: a name that goes leaves its bytes on the disk. */
function removeOld(folder: DataFolder, next: NextKey): void {
  const aside = asidePath(folder, next);
  if (!next.destroyOld || !existsSync(aside)) return;
  writeFileSync(aside, Buffer.alloc(statSync(aside).size), { flag: "r+", flush: true });
  rmSync(aside);
  syncFolder(folder.root);
}
