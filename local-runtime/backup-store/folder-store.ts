/** A backup store in a folder, of another disk or a mounted one: each object a file, there whole or not at all. */
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { syncFolder } from "../atomic-file.ts";
import { HostError, systemCode } from "../host-error.ts";
import {
  type BackupStore,
  damagedObject,
  missing,
  OBJECT_NAME,
  type StoredObject,
  unavailable,
} from "./store.ts";

const OWNER_ONLY = 0o600;
const PRIVATE_FOLDER = 0o700;
const UNFINISHED = ".unfinished";

/** The folder itself must be there: a disk that is not mounted is not filled in its place. */
export function openFolderStore(root: string): BackupStore {
  const explain = async <Result>(name: string, work: () => Promise<Result> | Result) => {
    try {
      if (!statSync(root, { throwIfNoEntry: false })?.isDirectory())
        throw unavailable(root, "there is no such folder");
      return await work();
    } catch (error) {
      if (error instanceof HostError) throw error;
      if (systemCode(error) === "ENOENT") throw missing(root, name);
      throw unavailable(root, systemCode(error) ?? String(error), error);
    }
  };
  return {
    place: root,
    list: (folder) => explain(folder, () => listFolder(root, folder)),
    read: (name, maxBytes) =>
      explain(name, () => {
        const path = pathOf(root, name);
        const { size } = lstatSync(path);
        if (size > maxBytes) throw damagedObject(root, name, "it is too large");
        return readFileSync(path);
      }),
    write: (name, bytes) => explain(name, () => writeWhole(pathOf(root, name), bytes)),
    remove: (name) => explain(name, () => rmSync(pathOf(root, name), { force: true })),
  };
}

function pathOf(root: string, name: string): string {
  if (!OBJECT_NAME.test(name)) throw new RangeError("no name of an object");
  return join(root, name);
}

function listFolder(root: string, folder: string): StoredObject[] {
  const path = join(root, folder);
  if (!statSync(path, { throwIfNoEntry: false })) return [];
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const name = `${folder}/${entry.name}`;
    if (!entry.isFile() || !OBJECT_NAME.test(name) || name.endsWith(UNFINISHED)) return [];
    const { size, mtimeMs } = statSync(join(path, entry.name));
    return [{ name, sizeBytes: size, modifiedAtMs: mtimeMs }];
  });
}

async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  mkdirSync(dirname(path), { recursive: true, mode: PRIVATE_FOLDER });
  const unfinished = `${path}${UNFINISHED}`;
  try {
    const file = await open(unfinished, "w", OWNER_ONLY);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
}
