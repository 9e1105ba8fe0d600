import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, it, onTestFinished } from "vitest";
import { runWhilePaused } from "../../../../local-runtime/backup/backup-pause.ts";
import { isStopped } from "../../../../local-runtime/backup/backup-process.ts";
import { until } from "../../../support/rockpool-process.ts";

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

async function startSleeper(): Promise<number> {
  const child = spawn("sleep", ["600"], { stdio: "ignore" });
  started.push(child);
  await once(child, "spawn");
  return child.pid ?? 0;
}

/** Words of a process of its own that pauses `pid` and works for `workMs`. */
function pauserWords(pid: number, workMs: number): string[] {
  const pause = join(import.meta.dirname, "../../../../local-runtime/backup/backup-pause.ts");
  const program = `
    import { runWhilePaused } from ${JSON.stringify(pause)};
    const wait = new Int32Array(new SharedArrayBuffer(4));
    await runWhilePaused(${pid}, () => void Atomics.wait(wait, 0, 0, ${workMs}));
    console.log("done");
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  `;
  return [process.execPath, "--input-type=module", "-e", program];
}

async function startPauser(pid: number, workMs: number): Promise<ChildProcess> {
  const [program = "", ...words] = pauserWords(pid, workMs);
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "inherit"] });
  started.push(child);
  await once(child, "spawn");
  return child;
}

/** As a job of a shell, as at a terminal: of processes that nobody could let go on, none is stopped by Ctrl-Z. */
async function startPauserInShell(pid: number, workMs: number): Promise<number> {
  const shell = spawn(
    "bash",
    ["-c", 'set -m; "$@" </dev/null >&2 & echo $!; read -r _', "sh", ...pauserWords(pid, workMs)],
    {
      stdio: ["pipe", "pipe", "inherit"],
      detached: true,
    },
  );
  started.push(shell);
  const [line] = (await once(shell.stdout, "data")) as [Buffer];
  const pauserPid = Number(line.toString());
  onTestFinished(() => void process.kill(pauserPid, "SIGKILL"));
  return pauserPid;
}

describe("a pause of a process", () => {
  it("lasts as long as the work, and the process goes on", async ({ expect }) => {
    const pid = await startSleeper();
    expect(isStopped(pid)).toBe(false);
    const { result, pauseMs } = await runWhilePaused(pid, () => isStopped(pid));
    expect(result).toBe(true);
    expect(pauseMs).toBeGreaterThan(0);
    expect(isStopped(pid)).toBe(false);
    expect(process.listenerCount("SIGTSTP")).toBe(0);
  });

  it("ends when the work throws", async ({ expect }) => {
    const pid = await startSleeper();
    const failing = runWhilePaused(pid, () => {
      throw new Error("the disk is full");
    });
    await expect(failing).rejects.toThrow("the disk is full");
    expect(isStopped(pid)).toBe(false);
  });

  it("ends when the pausing process is killed", async ({ expect }) => {
    const pid = await startSleeper();
    const pauser = await startPauser(pid, 60_000);
    await until(() => isStopped(pid), "the pause");
    pauser.kill("SIGKILL");
    await until(() => !isStopped(pid), "the end of the pause");
    expect(readFileSync(`/proc/${pid}/stat`, "utf8")).toMatch(/\(sleep\) [RS] /);
  });

  it("holds back a signal to end until the process goes on", async ({ expect }) => {
    const pid = await startSleeper();
    const pauser = await startPauser(pid, 300);
    const exited = once(pauser, "exit");
    await until(() => isStopped(pid), "the pause");
    pauser.kill("SIGTERM");
    expect(isStopped(pid)).toBe(true);
    const [, signal] = await exited;
    expect(signal).toBe("SIGTERM");
    expect(isStopped(pid)).toBe(false);
  });

  it("holds back Ctrl-Z until the process goes on", async ({ expect }) => {
    const pid = await startSleeper();
    const pauserPid = await startPauserInShell(pid, 300);
    await until(() => isStopped(pid), "the pause");
    process.kill(pauserPid, "SIGTSTP");
    await until(() => isStopped(pauserPid), "the stop of the pausing process");
    expect(isStopped(pid)).toBe(false);
  });

  it("is refused for a process that is not there, or ends meanwhile", async ({ expect }) => {
    const cannotPause = {
      code: "backup/cannot_pause",
      message:
        "The server could not be held still for the backup: it restarted or its disk is slow.",
    };
    const gone = spawn("true");
    await once(gone, "exit");
    await expect(runWhilePaused(gone.pid ?? 0, () => 1)).rejects.toMatchObject(cannotPause);
    const pid = await startSleeper();
    const killed = runWhilePaused(pid, () => process.kill(pid, "SIGKILL"));
    await expect(killed).rejects.toMatchObject(cannotPause);
  });
});
