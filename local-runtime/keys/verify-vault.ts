/** Refuses to start on conversations whose wrapped keys are gone: new ones would open none of them. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type DataFolder, listFolder } from "../data-folder.ts";
import { d1File } from "../database/d1-file.ts";
import { EXIT, HostError } from "../host-error.ts";

const VAULT = "vault";
const SESSIONS = "session";

/** Throws key/vault_missing. Databases must be migrated and nobody may serve. */
export function verifyVault(folder: DataFolder, logDatabase: string): void {
  if (listDatabases(folder, SESSIONS).length === 0 || listDatabases(folder, VAULT).length > 0)
    return;
  if (hasKeysInLog(d1File(folder.objects, logDatabase))) return;
  throw new HostError({
    code: "key/vault_missing",
    message: `The wrapped keys in ${join(folder.objects, VAULT)} are missing, and the stored messages cannot be read without them.`,
    fix: "Put that folder back from where you keep its copy, then start again.",
    exitStatus: EXIT.config,
  });
}

function listDatabases(folder: DataFolder, objects: string): string[] {
  return listFolder(join(folder.objects, objects)).filter(
    (name) => name.endsWith(".sqlite") && name !== "metadata.sqlite",
  );
}

/** Where boxes kept them before they had a vault. */
function hasKeysInLog(path: string): boolean {
  if (!existsSync(path)) return false;
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return database.prepare("SELECT 1 FROM data_keys LIMIT 1").get() !== undefined;
  } finally {
    database.close();
  }
}
