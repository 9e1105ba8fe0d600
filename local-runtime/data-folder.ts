/**
 * The data folder: everything that is kept, private to its owner. Prepares it, and says of a folder that cannot be used
 * what is wrong and what to do.
 */
import { accessSync, chmodSync, constants, mkdirSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { EXIT, HostError, systemCode } from "./host-error.ts";

const PRIVATE_FOLDER = 0o700;

export interface DataFolder {
  root: string;
  /** All Durable Objects, D1 among them: what a backup holds. */
  objects: string;
  masterKey: string;
  /** Tells a wrong master key from the right one, and reveals neither. */
  masterKeyId: string;
  /** A new master key on its way, wrapped by the present one. */
  masterKeyNext: string;
  /** How the master key is made of a passphrase. */
  masterKeyPassphrase: string;
  egress: string;
  /** Keys of model servers, one file each. */
  modelKeys: string;
  /** The key of the transcription server. */
  transcribeKey: string;
  /** The secret of this box at the provider that people sign in by. */
  oidcSecret: string;
  /** The owner's own patterns of what is masked. */
  redactPatterns: string;
  /** Model files that were pulled. No part of a backup: they can be pulled again. */
  models: string;
  /** The models of the built-in server, and which one was chosen. */
  modelLibrary: string;
  /** What one run needs: written anew at each start. */
  run: string;
  logs: string;
  backups: string;
  /** What the box keeps of the recovery key: enough to write backups, not to read them. */
  recovery: string;
  /** Which Rockpool used the data last. */
  usedBy: string;
  /** What the daily checks found. */
  reports: string;
}

export function dataFolderAt(root: string): DataFolder {
  return {
    root,
    objects: join(root, "objects"),
    masterKey: join(root, "master.key"),
    masterKeyId: join(root, "master.key.id"),
    masterKeyNext: join(root, "master.key.next"),
    masterKeyPassphrase: join(root, "master.key.passphrase"),
    egress: join(root, "egress.json"),
    modelKeys: join(root, "model-keys"),
    transcribeKey: join(root, "transcribe-key"),
    oidcSecret: join(root, "oidc-secret"),
    redactPatterns: join(root, "redact-patterns.txt"),
    models: join(root, "models"),
    modelLibrary: join(root, "models.json"),
    run: join(root, "run"),
    logs: join(root, "logs"),
    backups: join(root, "backups"),
    recovery: join(root, "recovery.json"),
    usedBy: join(root, "used-by.json"),
    reports: join(root, "reports"),
  };
}

/** Makes the folder where there is none. Throws data/*; a folder that holds something else is left alone. */
export function prepareDataFolder(root: string): DataFolder {
  const folder = dataFolderAt(root);
  return explainFileErrors(root, () => {
    refuseStrangeFolder(folder);
    for (const path of [folder.root, folder.objects, folder.run, folder.logs]) {
      makeFolder(path);
      if ((statSync(path).mode & 0o777) !== PRIVATE_FOLDER) chmodSync(path, PRIVATE_FOLDER);
    }
    accessSync(folder.root, constants.W_OK);
    return folder;
  });
}

/** With its parents. Node's own recursion answers ENOENT where a file system is read-only. */
function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: PRIVATE_FOLDER });
  } catch (error) {
    const code = systemCode(error);
    if (code === "EEXIST" && statSync(path).isDirectory()) return;
    if (code !== "ENOENT" || dirname(path) === path) throw error;
    makeFolder(dirname(path));
    mkdirSync(path, { mode: PRIVATE_FOLDER });
  }
}

/** A folder without a key must be empty: making a home folder private by mistake helps nobody. */
function refuseStrangeFolder(folder: DataFolder): void {
  const ours: readonly string[] = Object.values(folder);
  const names = listFolder(folder.root);
  const strange = names.find(
    (name) =>
      !name.startsWith(".") && name !== "lost+found" && !ours.includes(join(folder.root, name)),
  );
  if (strange === undefined || names.some((name) => name.startsWith("master.key"))) return;
  throw new HostError({
    code: "data/not_ours",
    message: `The folder ${folder.root} holds other things (${strange}), and no data of Rockpool.`,
    fix: "Set ROCKPOOL_DATA to an empty or a new folder.",
    exitStatus: EXIT.config,
  });
}

/** Names in the folder; none where there is no folder. */
export function listFolder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}

/** Runs work on the data folder's files; a failed system call comes out as a HostError with what to do. */
export function explainFileErrors<Result>(root: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw explainFileError(root, error) ?? error;
  }
}

const EXPLANATIONS: Readonly<Record<string, { code: string; message: string; fix: string }>> = {
  ENOTDIR: {
    code: "data/not_a_folder",
    message: "is not a folder.",
    fix: "Move that file away, or set ROCKPOOL_DATA to a folder.",
  },
  EROFS: {
    code: "data/read_only",
    message: "is on a read-only file system.",
    fix: "Mount it writable (mount -o remount,rw …), or set ROCKPOOL_DATA to a folder elsewhere.",
  },
  EACCES: {
    code: "data/no_permission",
    message: "cannot be written by this user.",
    fix: 'Give it to this user (sudo chown -R "$(id -u)" on the folder), or set ROCKPOOL_DATA to a folder of your own.',
  },
  ENOSPC: {
    code: "data/disk_full",
    message: "is on a full disk.",
    fix: "Free some space (df -h shows how much is left), then start again. Nothing stored is lost.",
  },
};

/** Other names that systems have for the same. */
const SYNONYMS: Readonly<Record<string, string>> = {
  EEXIST: "ENOTDIR",
  EPERM: "EACCES",
  EDQUOT: "ENOSPC",
};

function explainFileError(root: string, error: unknown): HostError | undefined {
  const code = systemCode(error) ?? "";
  const explanation = EXPLANATIONS[SYNONYMS[code] ?? code] ?? explainSqlite(error);
  if (explanation === undefined) return undefined;
  return new HostError({
    code: explanation.code,
    message: `The data folder ${root} ${explanation.message}`,
    fix: explanation.fix,
    exitStatus: EXIT.cannotCreate,
    cause: error,
  });
}

/** SQLite reports the same failures in words of its own. */
function explainSqlite(error: unknown) {
  if (systemCode(error) !== "ERR_SQLITE_ERROR" || !(error instanceof Error)) return undefined;
  if (/disk is full/.test(error.message)) return EXPLANATIONS.ENOSPC;
  if (/readonly|unable to open/.test(error.message)) return EXPLANATIONS.EACCES;
  return undefined;
}
