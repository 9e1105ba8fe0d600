/**
 * Holds a process still for a short while (SIGSTOP) and lets it go on in every case: when the work throws, when this
 * process is told to end, and, by a watchdog of its own, when this process is killed.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { EXIT, HostError } from "../host-error.ts";
import { isStopped } from "./backup-process.ts";

/** Signals that wait until the pause is over: ended or stopped by them, this process would leave the other one still. */
const HELD_BACK: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGTSTP", "SIGQUIT"];

/** Lives until its standard input closes: this process closes it, or the kernel does when this process is killed. */
const WATCHDOG_SCRIPT = 'read -r _; kill -CONT "$1" 2>/dev/null';

const STOP_POLL_MS = 1;
/** A thread in a system call stops when the call ends: a slow disk may hold it up. */
const STOP_LIMIT_MS = 2_000;

export interface Paused<Result> {
  result: Result;
  pauseMs: number;
}

/** Runs `work` while the process stands still. Throws backup/cannot_pause. */
export async function runWhilePaused<Result>(
  pid: number,
  /** Synchronous: nothing else may run here meanwhile. */
  work: () => Result,
): Promise<Paused<Result>> {
  const watchdog = await startWatchdog(pid);
  const received = new Set<NodeJS.Signals>();
  const note = (signal: NodeJS.Signals) => void received.add(signal);
  for (const signal of HELD_BACK) process.on(signal, note);
  const startedAtMs = performance.now();
  try {
    send(pid, "SIGSTOP");
    waitUntilStopped(pid);
    const result = work();
    if (!isStopped(pid)) throw cannotPause();
    send(pid, "SIGCONT");
    return { result, pauseMs: performance.now() - startedAtMs };
  } finally {
    await watchdog.end();
    // Signals that came meanwhile are handed out in the second turn of the event loop at the latest.
    await nextTurn();
    await nextTurn();
    for (const signal of HELD_BACK) process.off(signal, note);
    for (const signal of received) process.kill(process.pid, signal);
  }
}

interface Watchdog {
  /** Lets the process go on, if it does not yet. On return no SIGCONT is under way that could meet another pause. */
  end(): Promise<void>;
}

async function startWatchdog(pid: number): Promise<Watchdog> {
  const watchdog = spawn("/bin/sh", ["-c", WATCHDOG_SCRIPT, "sh", String(pid)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true, // a Ctrl-C in the terminal must not reach it
    env: {},
  });
  await once(watchdog, "spawn");
  const exited = once(watchdog, "exit");
  return {
    async end() {
      watchdog.stdin.end();
      const [code] = await exited;
      if (code === null) send(pid, "SIGCONT"); // somebody killed the watchdog
    },
  };
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    throw cannotPause(error);
  }
}

function waitUntilStopped(pid: number): void {
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  const deadlineMs = performance.now() + STOP_LIMIT_MS;
  while (!isStopped(pid)) {
    if (performance.now() > deadlineMs) throw cannotPause();
    Atomics.wait(sleeper, 0, 0, STOP_POLL_MS);
  }
}

function cannotPause(cause?: unknown): HostError {
  return new HostError({
    code: "backup/cannot_pause",
    message: "The server could not be held still for the backup: it restarted or its disk is slow.",
    fix: "Run this again; if it stays so, stop the server (`npx rockpool down`) and run it then.",
    exitStatus: EXIT.temporary,
    cause,
  });
}
