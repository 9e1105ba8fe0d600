/** Whether a process stands still, as the operating system says: from /proc where there is one, else from `ps`. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";

const PS_TIMEOUT_MS = 2_000;
const STOPPED = "T";

/** True where no thread of it runs: all have taken a SIGSTOP. False where there is no such process. */
export function isStopped(pid: number): boolean {
  try {
    return existsSync("/proc/self/stat") ? isStoppedInProc(pid) : isStoppedInPs(pid);
  } catch {
    return false; // it has ended, or is another user's
  }
}

function isStoppedInProc(pid: number): boolean {
  return readdirSync(`/proc/${pid}/task`).every((task) => {
    const stat = readFileSync(`/proc/${pid}/task/${task}/stat`, "latin1");
    // `pid (name) state …`, where the name may hold anything.
    return stat.charAt(stat.lastIndexOf(")") + 2) === STOPPED;
  });
}

function isStoppedInPs(pid: number): boolean {
  const options = { encoding: "utf8", timeout: PS_TIMEOUT_MS } as const;
  return execFileSync("ps", ["-o", "state=", "-p", String(pid)], options)
    .trim()
    .startsWith(STOPPED);
}
