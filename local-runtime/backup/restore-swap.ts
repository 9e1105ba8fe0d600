/**
 * Puts restored data in the place of the present data by renames that survive a crash at any point. What is to come in
 * stands whole in `.restore/`; from the moment its file `commit.json` exists, whoever holds the folder's lock next carries
 * the rest out: present objects → kept aside, restored objects → in place, then the keys and small files, then `.restore/` goes.
 * Without commit.json nothing was replaced yet, and `.restore/` is thrown away.
 */
import { existsSync, readFileSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { syncFolder, writeFileAtomic } from "../atomic-file.ts";
import { type DataFolder, explainFileErrors, listFolder } from "../data-folder.ts";

const STAGING = ".restore";
const COMMIT_NAME = "commit.json";
/** Files beside the objects that a restore replaces. */
const SMALL_FILES = ["egress.json", "master.key.id", "recovery.json", "used-by.json"] as const;
const MASTER_KEY = "master.key";
const KEPT_PREFIX = "objects.before-restore-";

const CommitSchema = v.object({
  keptAs: v.pipe(v.string(), v.regex(/^objects\.before-restore-\w+$/)),
});

/** Where restored data is put together, beside the present data and on the same disk. */
export function restoreStaging(folder: DataFolder): string {
  return join(folder.root, STAGING);
}

/** Replaces the present data by that in `.restore/`. Answers the folder that the present data is kept in, if any. */
export function swapInRestored(folder: DataFolder, nowMs: number): string | undefined {
  const keptAs = KEPT_PREFIX + new Date(nowMs).toISOString().replace(/\D/g, "");
  explainFileErrors(folder.root, () =>
    writeFileAtomic(join(restoreStaging(folder), COMMIT_NAME), JSON.stringify({ keptAs })),
  );
  finishRestore(folder);
  const kept = join(folder.root, keptAs);
  return existsSync(kept) ? kept : undefined;
}

/**
 * Carries out a restore that a crash cut off, or clears away one that had not begun to replace anything. The folder's
 * lock must be held. Answers true where it completed one.
 */
export function finishRestore(folder: DataFolder): boolean {
  return explainFileErrors(folder.root, () => {
    const staging = restoreStaging(folder);
    const keptAs = readCommit(join(staging, COMMIT_NAME));
    if (keptAs !== undefined) {
      replaceObjects(folder, staging, join(folder.root, keptAs));
      replaceMasterKey(folder, staging, keptAs.replace("objects", MASTER_KEY));
      for (const name of SMALL_FILES)
        if (existsSync(join(staging, name)))
          renameSync(join(staging, name), join(folder.root, name));
      syncFolder(folder.root);
    }
    rmSync(staging, { recursive: true, force: true });
    return keptAs !== undefined;
  });
}

function replaceObjects(folder: DataFolder, staging: string, kept: string): void {
  const restored = join(staging, "objects");
  if (!existsSync(restored)) return;
  if (existsSync(folder.objects)) {
    // An empty one holds nothing to keep: it was made by a start that came between.
    if (listFolder(folder.objects).length === 0) rmdirSync(folder.objects);
    else renameSync(folder.objects, kept);
  }
  renameSync(restored, folder.objects);
  syncFolder(folder.root);
}

/** The key that opens the kept objects is kept as they are. */
function replaceMasterKey(folder: DataFolder, staging: string, keptAs: string): void {
  const restored = join(staging, MASTER_KEY);
  if (!existsSync(restored)) return;
  if (existsSync(folder.masterKey)) {
    const isSame = readFileSync(restored).equals(readFileSync(folder.masterKey));
    if (!isSame) renameSync(folder.masterKey, join(folder.root, keptAs));
  }
  renameSync(restored, folder.masterKey);
  syncFolder(folder.root);
}

/** Undefined where nothing was committed. */
function readCommit(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  return v.parse(CommitSchema, JSON.parse(readFileSync(path, "utf8"))).keptAs;
}
