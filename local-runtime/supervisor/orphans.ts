/**
 * A workerd whose supervisor was killed goes on serving its data folder. The next start ends it first: two of them on
 * the same files would damage them. It is found by the config file on its command line.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { EXIT, HostError } from "../host-error.ts";

const POLL_MS = 10;
const MAX_WAIT_MS = 5_000;

/** Ends every workerd that runs with this config file. Answers how many there were. The folder's lock must be held. */
export async function endOrphans(configFile: string): Promise<number> {
  const found = findWorkerds(configFile);
  const deadlineMs = performance.now() + MAX_WAIT_MS;
  let left = found;
  while (left.length > 0) {
    for (const pid of left) killIfThere(pid);
    if (performance.now() > deadlineMs) throw cannotEnd(left);
    await sleep(POLL_MS);
    left = findWorkerds(configFile);
  }
  return found.length;
}

/** Process ids of every workerd that runs with this config file. */
export function findWorkerds(configFile: string): number[] {
  return process.platform === "linux" ? findInProc(configFile) : findWithPs(configFile);
}

function findInProc(configFile: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => isOurs(readCommandLine(name), configFile))
    .map(Number);
}

function isOurs(words: readonly string[], configFile: string): boolean {
  return words[1] === "serve" && words.includes(configFile);
}

function readCommandLine(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return []; // it has just ended, or is another user's
  }
}

function findWithPs(configFile: string): number[] {
  const lines = execFileSync("ps", ["-axww", "-o", "pid=,command="], { encoding: "utf8" });
  return lines
    .split("\n")
    .filter((line) => line.includes(` serve --experimental ${configFile} `))
    .map((line) => Number.parseInt(line, 10));
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has just ended; one that may not be killed is told from that by the next look.
  }
}

function cannotEnd(pids: readonly number[]): HostError {
  return new HostError({
    code: "server/orphan",
    message: `A workerd of an earlier start still uses the data folder, and cannot be ended (process ${pids.join(", ")}).`,
    fix: `End it as its own user: kill -9 ${pids.join(" ")}`,
    exitStatus: EXIT.temporary,
  });
}
