/**
 * A copy of all data from before another program changes its form: an archive in `<data>/backups/`, made at the first start
 * of that program, that the one before can restore. Only the newest few are kept.
 */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type DataFolder, listFolder } from "../data-folder.ts";
import { fileSha256 } from "../file-hash.ts";
import { HostError } from "../host-error.ts";
import { loadUsedBy, refuseNewerData, writeUsedBy } from "../supervisor/used-by.ts";
import { archiveObjects } from "./backup.ts";
import { folderBytes } from "./backup-databases.ts";
import { verifySpace } from "./backup-space.ts";

export const MAX_UPGRADE_COPIES = 2;
const PREFIX = "before-upgrade-";
const SUFFIX = ".tar.gz";
/** Older than every version: any program may restore it. */
const UNKNOWN_VERSION = "0.0.0";
const BUILD_UNITS = 16;

interface UpgradeFacts {
  folder: DataFolder;
  masterKey: Uint8Array;
  version: string;
  /** Entry of the Worker that is about to run: it names its other modules by their content. */
  workerFile: string;
  note(text: string): void;
}

/**
 * To be called with the folder's lock held and no workerd on it, before anything is migrated. Throws data/newer. A copy
 * that cannot be made is said and does not keep the server down.
 */
export async function prepareUpgrade(facts: UpgradeFacts): Promise<void> {
  const { folder, version, note } = facts;
  refuseNewerData(folder, version);
  const build = (await fileSha256(facts.workerFile)).slice(0, BUILD_UNITS);
  const used = loadUsedBy(folder);
  if (used?.build === build) return;
  if (listFolder(folder.objects).length > 0) {
    try {
      note(`a copy of the data from before this version is in ${await copy(facts)}`);
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      note(`no copy of the data was made before this version uses it: ${error.message}`);
    }
  }
  writeUsedBy(folder, { version, build });
}

async function copy({ folder, masterKey }: UpgradeFacts): Promise<string> {
  mkdirSync(folder.backups, { recursive: true, mode: 0o700 });
  verifySpace(folder.backups, folderBytes(folder.objects));
  const atMs = Date.now();
  const stamp = new Date(atMs).toISOString().replace(/\D/g, "");
  const archive = join(folder.backups, `${PREFIX}${stamp}${SUFFIX}`);
  const version = loadUsedBy(folder)?.version ?? UNKNOWN_VERSION;
  await archiveObjects({ source: folder.root, folder, archive, version, masterKey, atMs });
  removeOldCopies(folder.backups);
  return archive;
}

function removeOldCopies(backups: string): void {
  const copies = readdirSync(backups)
    .filter((name) => name.startsWith(PREFIX) && name.endsWith(SUFFIX))
    .sort()
    .reverse();
  for (const name of copies.slice(MAX_UPGRADE_COPIES)) rmSync(join(backups, name));
}
