/** Checks of the data folder: its rights, its master key, the space on its disk. */
import { accessSync, constants, existsSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { type DataFolder, explainFileErrors } from "../data-folder.ts";
import { KEY_PLACES } from "../keys/key-text.ts";
import { loadMasterKey } from "../keys/master-key.ts";
import type { KeySource } from "../keys/next-key.ts";
import { type Finding, fail, failure, ok, warn } from "./check.ts";

const MIN_FREE_BYTES = 100 * 1024 * 1024;
const GOOD_FREE_BYTES = 1024 * 1024 * 1024;

export function checkDataFolder(folder: DataFolder): Finding {
  const what = "Data folder";
  try {
    if (!existsSync(folder.root)) {
      explainFileErrors(folder.root, () => accessSync(nearestFolder(folder.root), constants.W_OK));
      return ok(what, `${folder.root} is made at the first start`);
    }
    explainFileErrors(folder.root, () => {
      if (!statSync(folder.root).isDirectory())
        throw Object.assign(new Error("not a folder"), { code: "ENOTDIR" });
      accessSync(folder.root, constants.R_OK | constants.W_OK | constants.X_OK);
    });
  } catch (error) {
    return failure(what, error);
  }
  const mode = statSync(folder.root).mode & 0o777;
  if ((mode & 0o077) === 0) return ok(what, `${folder.root} is writable and private`);
  return fail(
    what,
    `others on this machine can enter ${folder.root} (mode ${mode.toString(8)})`,
    `chmod 700 ${folder.root}`,
  );
}

export function checkMasterKey(folder: DataFolder, source: KeySource = "file"): Finding {
  const what = "Master key";
  if (source !== "file") return ok(what, `comes from ${KEY_PLACES[source]}`);
  try {
    if (loadMasterKey(folder) === undefined) return ok(what, "is made at the first start");
  } catch (error) {
    return failure(what, error);
  }
  const mode = statSync(folder.masterKey).mode & 0o777;
  if ((mode & 0o077) === 0) return ok(what, "is there and belongs to this data");
  return fail(
    what,
    `others on this machine can read it (mode ${mode.toString(8)})`,
    `chmod 600 ${folder.masterKey}`,
  );
}

export function checkDiskSpace(folder: DataFolder): Finding {
  const what = "Disk space";
  const { bavail, bsize } = statfsSync(nearestFolder(folder.root));
  const freeBytes = bavail * bsize;
  const detail = `${Math.floor(freeBytes / 1024 / 1024)} MB free`;
  const fix = "Free some space: the server answers 503 when it cannot store a message.";
  if (freeBytes < MIN_FREE_BYTES) return fail(what, detail, fix);
  return freeBytes < GOOD_FREE_BYTES ? warn(what, detail, fix) : ok(what, detail);
}

function nearestFolder(path: string): string {
  return existsSync(path) ? path : nearestFolder(dirname(path));
}
