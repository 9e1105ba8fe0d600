/**
 * What signals mean to a running server: SIGTERM and SIGINT stop it, SIGHUP makes it read the grants again, unless it
 * comes of a terminal that was closed.
 */
import { closeSync, openSync } from "node:fs";
import type { Supervisor } from "./supervisor.ts";

/** Answers a function that takes the handlers away again. */
export function obeySignals(supervisor: Supervisor): () => void {
  const hadTerminal = hasTerminal();
  const stop = () => supervisor.stop();
  const reload = () => {
    if (hadTerminal && !hasTerminal()) supervisor.stop();
    else supervisor.reload();
  };
  process.on("SIGTERM", stop).on("SIGINT", stop).on("SIGHUP", reload);
  return () => {
    process.off("SIGTERM", stop).off("SIGINT", stop).off("SIGHUP", reload);
  };
}

function hasTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return true;
  } catch {
    return false;
  }
}
