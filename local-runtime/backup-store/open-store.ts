/** The store that options or an argument name. */
import { resolve } from "node:path";
import { type Place, parsePlace } from "../../src/config/backup-place.ts";
import { EXIT, HostError } from "../host-error.ts";
import { openFolderStore } from "./folder-store.ts";
import { loadS3Credentials } from "./s3-credentials.ts";
import { openS3Store } from "./s3-store.ts";
import type { BackupStore } from "./store.ts";

export interface StoreOptions {
  /** As `parsePlace` takes it. */
  place: string;
  /** What a relative folder counts from. */
  workingDir: string;
  /** File that holds the credentials of an S3 store, absolute. Undefined where the options name none. */
  credentialsFile: string | undefined;
}

/** Opens nothing yet: the first call finds out whether the store answers. Throws store/*. */
export function openStore({ place: text, workingDir, credentialsFile }: StoreOptions): BackupStore {
  let place: Place;
  try {
    place = parsePlace(text);
  } catch (error) {
    throw new HostError({
      code: "store/no_place",
      message: `That is no place for backups: ${error instanceof Error ? error.message : ""}.`,
      fix: "Name it with ROCKPOOL_BACKUP_TO, or with --from where a backup is read.",
      exitStatus: EXIT.config,
      cause: error,
    });
  }
  if (place.kind === "folder") return openFolderStore(resolve(workingDir, place.path));
  return openS3Store(place, loadS3Credentials(credentialsFile));
}
