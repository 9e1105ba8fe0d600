/** What the operating system says of a process: from /proc where there is one, else from `ps`. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { systemCode } from "./host-error.ts";

const PS_TIMEOUT_MS = 2_000;

export interface ProcessFacts {
  parentPid: number;
  /** True where no thread of it runs: all have taken a SIGSTOP. */
  isStopped: boolean;
}

/** Undefined where there is no such process. */
export function readProcess(pid: number): ProcessFacts | undefined {
  return existsSync("/proc/self/stat") ? readProc(pid) : readPs(pid);
}

function readProc(pid: number): ProcessFacts | undefined {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`).map((task) =>
      readStat(`/proc/${pid}/task/${task}/stat`),
    );
    const { parentPid } = readStat(`/proc/${pid}/stat`);
    return { parentPid, isStopped: tasks.every(({ state }) => state === "T") };
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ESRCH") return undefined;
    throw error;
  }
}

/** `pid (name) state parent …`, where the name may hold anything. */
function readStat(path: string): { state: string; parentPid: number } {
  const text = readFileSync(path, "latin1");
  const [state = "", parent = ""] = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { state, parentPid: Number(parent) };
}

function readPs(pid: number): ProcessFacts | undefined {
  try {
    const text = execFileSync("ps", ["-o", "ppid=,state=", "-p", String(pid)], {
      encoding: "utf8",
      timeout: PS_TIMEOUT_MS,
    });
    const [parent = "", state = ""] = text.trim().split(/\s+/);
    return { parentPid: Number(parent), isStopped: state.startsWith("T") };
  } catch {
    return undefined; // ps fails where there is no such process
  }
}
