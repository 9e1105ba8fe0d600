/**
 * Allows the running server one more private address, or takes it back: the grant is written, the supervisor told, and
 * the server that comes up with it waited for.
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findServer } from "./admin-client.ts";
import { dataFolderAt } from "./data-folder.ts";
import { loadEgressOrigins, writeEgressOrigins } from "./egress-grants.ts";
import { EXIT, HostError } from "./host-error.ts";
import { tryLockFile } from "./lock.ts";
import { loadRunState } from "./run-state.ts";

/** A reload drains for a second, then starts within a tenth of one. */
const RELOAD_WAIT_MS = 20_000;
const POLL_MS = 20;
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
  const folder = dataFolderAt(dataDir);
  const lock = tryLockFile(join(folder.run, "egress.lock"), LOCK_WAIT_MS);
  if (!lock) throw anotherChanges();
  try {
    const present = loadEgressOrigins(folder);
    const changed = decide(present);
    if (!changed) return false;
    const { pid, generation } = findServer(dataDir);
    writeEgressOrigins(folder, changed);
    try {
      process.kill(pid, "SIGHUP");
      await waitForGeneration(dataDir, generation + 1, waitMs);
    } catch (error) {
      writeEgressOrigins(folder, present);
      throw error;
    }
    return true;
  } finally {
    lock.close();
  }
}

async function waitForGeneration(
  dataDir: string,
  generation: number,
  waitMs: number,
): Promise<void> {
  const deadlineMs = performance.now() + waitMs;
  while ((loadRunState(dataDir)?.generation ?? 0) < generation) {
    if (performance.now() > deadlineMs)
      throw new HostError({
        code: "server/no_reload",
        message: `The server did not take the new address up within ${waitMs / 1000} seconds.`,
        fix: "Look for the cause with `npx rockpool logs`, or restart it with `npx rockpool down` and `npm start`.",
        exitStatus: EXIT.temporary,
      });
    await sleep(POLL_MS);
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
