/**
 * What signals mean to a running server: SIGTERM and SIGINT stop it, a second one at once; SIGHUP makes it read the
 * grants again, unless it comes of a terminal that was closed.
 */
import { closeSync, openSync } from "node:fs";
import type { Supervisor } from "./supervisor.ts";

/** npm passes Ctrl-C on to a program that has had it from the terminal already: one wish, two signals. */
export const SAME_WISH_MS = 500;

/** For the rest of the process: a late signal must not cut off its orderly end. */
export function obeySignals(supervisor: Supervisor): void {
  const hadTerminal = hasTerminal();
  let stoppedAtMs = Number.NEGATIVE_INFINITY;
  const stop = () => {
    const nowMs = performance.now();
    if (nowMs - stoppedAtMs < SAME_WISH_MS) return;
    stoppedAtMs = nowMs;
    supervisor.stop();
  };
  const reload = () => {
    if (hadTerminal && !hasTerminal()) stop();
    else supervisor.reload();
  };
  process.on("SIGTERM", stop).on("SIGINT", stop).on("SIGHUP", reload);
}

function hasTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return true;
  } catch {
    return false;
  }
}
