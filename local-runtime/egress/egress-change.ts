/**
 * Allows the running server one more private address, or takes it back: the grant is written, the supervisor told, and
 * the server that comes up with it waited for.
 */
import { join } from "node:path";
import { findServer } from "../admin/admin-client.ts";
import { dataFolderAt } from "../data-folder.ts";
import { EXIT, HostError } from "../host-error.ts";
import { tryLockFile } from "../supervisor/lock.ts";
import { RELOAD_WAIT_MS, reloadServer } from "../supervisor/reload.ts";
import { loadEgressOrigins, writeEgressOrigins } from "./egress-grants.ts";

const LOCK_WAIT_MS = 5_000;

/** Answers false, and does nothing, where the address is allowed already. */
export async function allowOrigin(
  dataDir: string,
  origin: string,
  waitMs = RELOAD_WAIT_MS,
): Promise<boolean> {
  const add = (origins: string[]) => (origins.includes(origin) ? undefined : [...origins, origin]);
  return await changeOrigins(dataDir, add, waitMs);
}

/** Answers false, and does nothing, where the address is not allowed. */
export async function disallowOrigin(dataDir: string, origin: string): Promise<boolean> {
  const remove = (origins: string[]) =>
    origins.includes(origin) ? origins.filter((item) => item !== origin) : undefined;
  return await changeOrigins(dataDir, remove, RELOAD_WAIT_MS);
}

async function changeOrigins(
  dataDir: string,
  decide: (origins: string[]) => string[] | undefined,
  waitMs: number,
): Promise<boolean> {
  findServer(dataDir); // nothing is written where no server runs
  const folder = dataFolderAt(dataDir);
  const lock = tryLockFile(join(folder.run, "egress.lock"), LOCK_WAIT_MS);
  if (!lock) throw anotherChanges();
  try {
    const present = loadEgressOrigins(folder);
    const changed = decide(present);
    if (!changed) return false;
    writeEgressOrigins(folder, changed);
    try {
      await reloadServer(dataDir, "the new address", waitMs);
    } catch (error) {
      writeEgressOrigins(folder, present);
      throw error;
    }
    return true;
  } finally {
    lock.close();
  }
}

function anotherChanges(): HostError {
  return new HostError({
    code: "egress/another_changes",
    message: "Another command is changing the allowed addresses.",
    fix: "Wait for it to end, then run this again.",
    exitStatus: EXIT.temporary,
  });
}
