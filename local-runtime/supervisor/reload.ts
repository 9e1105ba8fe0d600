/** Tells the running server to read its files again, and waits for the workerd that comes up with them. */
import { setTimeout as sleep } from "node:timers/promises";
import { findServer } from "../admin/admin-client.ts";
import { EXIT, HostError } from "../host-error.ts";
import { loadRunState } from "./run-state.ts";

/** A reload drains for a second, then starts within a tenth of one. */
export const RELOAD_WAIT_MS = 20_000;
const POLL_MS = 20;

/** `what` was changed, for the message. Throws server/not_running, or server/no_reload after `waitMs`. */
export async function reloadServer(
  dataDir: string,
  what: string,
  waitMs = RELOAD_WAIT_MS,
): Promise<void> {
  const { pid, generation } = findServer(dataDir);
  process.kill(pid, "SIGHUP");
  const deadlineMs = performance.now() + waitMs;
  while ((loadRunState(dataDir)?.generation ?? 0) <= generation) {
    if (performance.now() > deadlineMs)
      throw new HostError({
        code: "server/no_reload",
        message: `The server did not take ${what} up within ${waitMs / 1000} seconds.`,
        fix: "Look for the cause with `npx rockpool logs`, or restart it with `npx rockpool down` and `npm start`.",
        exitStatus: EXIT.temporary,
      });
    await sleep(POLL_MS);
  }
}
