/**
 * Keeps one workerd running: starts it, starts it again when it ends by itself, replaces it when the grants of outbound
 * services or the certificate change, and lets it drain at the end. Each run that serves is written to run/state.json.
 */
import type { DataFolder } from "../data-folder.ts";
import { EXIT, HostError } from "../host-error.ts";
import type { HeldSocket } from "../listen/held-sockets.ts";
import { decideRestart } from "./restart-policy.ts";
import { loadRunState, type RunState, removeRunState, writeRunState } from "./run-state.ts";
import { explainStartFailure } from "./start-failure.ts";
import { type WorkerdExit, WorkerdProcess } from "./workerd-process.ts";

/** Requests in flight may end for so long at SIGTERM. */
export const DRAIN_MS = 8_000;
/** At a reload: everything cut off is taken up again by the next run. */
const RELOAD_DRAIN_MS = 1_000;

export type SupervisorEvent =
  | { type: "host:serving"; url: string; generation: number; startMs: number }
  | { type: "host:restarting"; reason: string; delayMs: number }
  | { type: "host:reloading" }
  | { type: "host:reload_refused"; reason: string }
  | { type: "host:stopping" };

export interface SupervisorOptions {
  binary: string;
  configFile: string;
  folder: DataFolder;
  adminSocket: string;
  /** Lent to one workerd after the other: a caller who comes between two of them waits for the next. */
  sockets: readonly HeldSocket[];
  /** Where the server answers. */
  addresses(): Pick<RunState, "url" | "pageUrl" | "apiUrl">;
  /** Writes the config of the next run. Throws a HostError when it cannot be made. */
  prepare(): void;
  /** Tells the Worker that it is about to end. May fail: the drain has its limit without it. */
  announceEnd(): Promise<void>;
  onEvent(event: SupervisorEvent): void;
  onLine(line: string, stream: "stdout" | "stderr"): void;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  #generation: number;
  #process: WorkerdProcess | undefined;
  #ended: "no" | "reload" | "stop" = "no";
  #wake: (() => void) | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#generation = loadRunState(options.folder.root)?.generation ?? 0;
  }

  /**
   * Serves until stopped. Calls `onServing` once, at the first run. Throws server/* or workerd/* when the first run does
   * not start, and `workerd/keeps_crashing` when no later one lasts.
   */
  async run(onServing: (state: RunState) => void): Promise<void> {
    let fastCrashes = 0;
    let served = false;
    try {
      while (!this.#isStopping()) {
        const begunMs = performance.now();
        const { state, reason } = await this.#runOnce((state) => {
          if (!served) onServing(state);
          served = true;
        });
        if (this.#ended === "stop") return;
        if (this.#takeReload()) continue;
        if (!served) throw explainStartFailure(reason);
        const next = decideRestart(fastCrashes, state ? performance.now() - begunMs : 0);
        if (next.kind === "give_up") throw keepsCrashing(reason);
        fastCrashes = next.fastCrashes;
        this.#options.onEvent({ type: "host:restarting", reason, delayMs: next.delayMs });
        await this.#sleep(next.delayMs);
      }
    } finally {
      this.#ended = "stop";
      removeRunState(this.#options.folder.root);
    }
  }

  /** Replaces workerd by one with the present grants and certificate; the running one stays when these cannot be used. */
  reload(): void {
    if (this.#ended === "stop") return;
    try {
      this.#options.prepare();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.onEvent({ type: "host:reload_refused", reason });
      return;
    }
    this.#options.onEvent({ type: "host:reloading" });
    this.#ended = "reload";
    this.#wake?.();
    if (this.#process) void this.#drain(this.#process, RELOAD_DRAIN_MS);
  }

  /** Lets workerd drain; called again, ends it at once. */
  stop(): void {
    if (this.#ended === "stop") {
      this.#process?.kill();
      return;
    }
    this.#ended = "stop";
    this.#options.onEvent({ type: "host:stopping" });
    this.#wake?.();
    if (this.#process) void this.#drain(this.#process, DRAIN_MS);
  }

  async #drain(workerd: WorkerdProcess, drainMs: number): Promise<void> {
    const begunMs = performance.now();
    await this.#options.announceEnd().catch(() => undefined);
    await workerd.stop(drainMs - (performance.now() - begunMs));
  }

  /** One run of workerd from spawn to end. Answers its state where it served, and why it ended. */
  async #runOnce(
    onServing: (state: RunState) => void,
  ): Promise<{ state?: RunState; reason: string }> {
    const { binary, configFile, folder, sockets, onLine } = this.#options;
    this.#options.prepare();
    const begunMs = performance.now();
    const dataDir = folder.root;
    const process = new WorkerdProcess({ binary, configFile, dataDir, sockets, onLine });
    this.#process = process;
    try {
      const started = await process.started;
      if (!started.ok) {
        await process.exited;
        return { reason: started.stderr };
      }
      const state = this.#recordRun(process.pid ?? 0);
      const startMs = Math.round(performance.now() - begunMs);
      const { url, generation } = state;
      this.#options.onEvent({ type: "host:serving", url, generation, startMs });
      onServing(state);
      return { state, reason: describeExit(await process.exited) };
    } finally {
      this.#process = undefined;
    }
  }

  #recordRun(workerdPid: number): RunState {
    this.#generation += 1;
    const state: RunState = {
      pid: process.pid,
      workerdPid,
      ...this.#options.addresses(),
      adminSocket: this.#options.adminSocket,
      startedAtMs: Date.now(),
      generation: this.#generation,
    };
    writeRunState(this.#options.folder.root, state);
    return state;
  }

  /** True where the run ended because of a reload; that is then settled. */
  #takeReload(): boolean {
    if (this.#ended !== "reload") return false;
    this.#ended = "no";
    return true;
  }

  /** A method of its own: `#ended` changes while the loop waits, which the compiler cannot see. */
  #isStopping(): boolean {
    return this.#ended === "stop";
  }

  async #sleep(delayMs: number): Promise<void> {
    if (delayMs === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delayMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }
}

function describeExit({ code, signal }: WorkerdExit): string {
  if (signal !== null) return `workerd was ended by ${signal}`;
  return `workerd ended with status ${code ?? "unknown"}`;
}

function keepsCrashing(reason: string): HostError {
  return new HostError({
    code: "workerd/keeps_crashing",
    message: `workerd keeps ending, and starting it again has no more sense. The last reason: ${reason.trim()}.`,
    fix: "Look at `npx rockpool logs`, run `npx rockpool doctor`, then start again. Nothing stored is lost.",
    exitStatus: EXIT.software,
  });
}
