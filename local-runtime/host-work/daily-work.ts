/**
 * The work of a running server that comes once a day: every database is checked, and backed up where a store is set. Each is
 * a command in a process of its own, so that the supervisor stays small; what came of it stands in `reports/`.
 */
import { type ChildProcess, spawn } from "node:child_process";
import * as v from "valibot";
import type { Options } from "../../src/config/options.ts";
import type { KeyedFolder } from "../keys/master-key.ts";
import { programFile } from "../programs.ts";
import { isDue } from "./daily-schedule.ts";
import { loadBackupReport, loadIntegrityReport } from "./reports.ts";

export type DailyEvent =
  | { type: "host:daily_begun"; work: DailyTask }
  | { type: "host:daily_done"; work: DailyTask; ms: number }
  | { type: "host:daily_failed"; work: DailyTask; ms: number; reason: string };

export type DailyTask = "backup" | "integrity";

/** Between two looks at the clock. */
const LOOK_MS = 60_000;
/** A start has better things to do; and whoever starts it to look at something is soon done. */
export const FIRST_LOOK_MS = 300_000;
/** Then it hangs. */
export const TASK_LIMIT_MS = 6 * 3_600_000;
/** Of what a task prints: a failure is its last line. */
const MAX_TAIL_UNITS = 4_096;

const FailureSchema = v.object({ error: v.object({ message: v.string() }) });
const FoundSchema = v.object({ broken: v.array(v.unknown()) });

export interface DailyWorkOptions {
  root: string;
  folder: KeyedFolder;
  options: Pick<Options, "ROCKPOOL_BACKUP_TO" | "ROCKPOOL_BACKUP_AT" | "ROCKPOOL_TIME_ZONE">;
  nowMs(): number;
  onEvent(event: DailyEvent): void;
  /** The reports are new. */
  onDone(): void;
}

export class DailyWork {
  readonly #options: DailyWorkOptions;
  #timer: NodeJS.Timeout | undefined;
  #child: ChildProcess | undefined;
  /** Of this process: a task that dies before it can report is not begun again and again. */
  readonly #triedAtMs = new Map<DailyTask, number>();

  constructor(options: DailyWorkOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.tick();
      this.#timer = setInterval(() => this.tick(), LOOK_MS);
      this.#timer.unref();
    }, FIRST_LOOK_MS);
    this.#timer.unref();
  }

  /** Begins what is due, one at a time. */
  tick(): void {
    if (this.#child) return;
    const task = this.#findDue();
    if (task) this.#run(task);
  }

  /** Ends what is under way: it leaves nothing half done. */
  stop(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#timer);
    this.#child?.kill("SIGTERM");
  }

  #findDue(): DailyTask | undefined {
    const { folder, options, nowMs } = this.#options;
    const when = {
      at: options.ROCKPOOL_BACKUP_AT,
      zone: options.ROCKPOOL_TIME_ZONE,
      nowMs: nowMs(),
    };
    const backup = loadBackupReport(folder);
    const backedUp = {
      doneAtMs: backup?.succeededAtMs,
      triedAtMs: this.#newest("backup", backup?.triedAtMs),
    };
    if (options.ROCKPOOL_BACKUP_TO !== "" && isDue(backedUp, when)) return "backup";
    // A backup checks every database too.
    const checkedAtMs = loadIntegrityReport(folder)?.checkedAtMs;
    const checked = { doneAtMs: checkedAtMs, triedAtMs: this.#newest("integrity", checkedAtMs) };
    return isDue(checked, when) ? "integrity" : undefined;
  }

  #newest(task: DailyTask, reportedAtMs: number | undefined): number | undefined {
    const triedAtMs = this.#triedAtMs.get(task);
    if (triedAtMs === undefined || reportedAtMs === undefined) return triedAtMs ?? reportedAtMs;
    return Math.max(triedAtMs, reportedAtMs);
  }

  #run(task: DailyTask): void {
    const { root, nowMs, onEvent } = this.#options;
    this.#triedAtMs.set(task, nowMs());
    const begunMs = performance.now();
    onEvent({ type: "host:daily_begun", work: task });
    const program = programFile(root, "main");
    const child = spawn(process.execPath, [...process.execArgv, program, task, "--json"], {
      cwd: root,
      env: { ...process.env, ...keyFor(this.#options.folder) },
      stdio: ["ignore", "pipe", "ignore"],
      timeout: TASK_LIMIT_MS,
    });
    this.#child = child;
    let tail = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      tail = `${tail}${text}`.slice(-MAX_TAIL_UNITS);
    });
    child.on("error", (error) => this.#end(task, begunMs, error.message));
    child.on("close", (code, signal) => {
      const reason = findReason(tail) ?? `it ended with ${signal ?? code}`;
      this.#end(task, begunMs, code === 0 ? undefined : reason);
    });
  }

  #end(task: DailyTask, begunMs: number, reason: string | undefined): void {
    if (!this.#child) return; // told already
    this.#child = undefined;
    const ms = Math.round(performance.now() - begunMs);
    this.#options.onEvent(
      reason === undefined
        ? { type: "host:daily_done", work: task, ms }
        : { type: "host:daily_failed", work: task, ms, reason },
    );
    this.#options.onDone();
  }
}

/** A key that was made of a passphrase is in no file, and nobody is there to type it. */
function keyFor({ heldKey }: KeyedFolder): Record<string, string> {
  return heldKey ? { ROCKPOOL_MASTER_KEY: heldKey.toString("hex") } : {};
}

/** What the last line that it printed says. */
function findReason(tail: string): string | undefined {
  try {
    const line: unknown = JSON.parse(tail.trim().split("\n").at(-1) ?? "");
    const failure = v.safeParse(FailureSchema, line);
    if (failure.success) return failure.output.error.message;
    const found = v.safeParse(FoundSchema, line);
    return found.success ? `${found.output.broken.length} databases are damaged` : undefined;
  } catch {
    return undefined;
  }
}
