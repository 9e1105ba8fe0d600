/**
 * Keeps the built-in model server running beside workerd while it is wanted: installs its engine where that is missing,
 * starts it, and starts it again when it ends by itself, ever less often. It never ends the Rockpool it belongs to:
 * messages that come without a model are kept.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { DataFolder } from "../data-folder.ts";
import { LineSplitter } from "../logs/line-splitter.ts";
import { programFile } from "../programs.ts";
import { decideRestart } from "../supervisor/restart-policy.ts";
import { installEngine } from "./install-engine.ts";
import { urlOfPort } from "./port.ts";
import { removeModelServerState, writeModelServerState } from "./run-state.ts";

/** Between tries when ten in a row have failed. */
const RARE_RETRY_MS = 60_000;

export type KeeperEvent =
  | { type: "host:model_server_started"; url: string; startMs: number }
  | { type: "host:model_server_ended"; reason: string; delayMs: number }
  | { type: "host:model_server_installing"; text: string };

export interface KeeperOptions {
  /** The project's folder. */
  root: string;
  folder: DataFolder;
  port: number;
  onEvent(event: KeeperEvent): void;
  onLine(line: string, stream: "stdout" | "stderr"): void;
  /** What runs; the model server's own program where it is left out. */
  program?: string;
}

export class ModelServerKeeper {
  readonly #options: KeeperOptions;
  /** Name of the model that is to answer. */
  #wanted: string | undefined;
  #child: ChildProcess | undefined;
  /** Of the process that listens. */
  #pid: number | undefined;
  #running: Promise<void> = Promise.resolve();
  #wake: (() => void) | undefined;
  /** Ends an install. */
  #installing = new AbortController();

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  get url(): string {
    return urlOfPort(this.#options.port);
  }

  /** Starts it, or stops it where no model is named. It serves whatever the library holds: another name changes nothing else. */
  want(model: string | undefined): void {
    const before = this.#wanted;
    this.#wanted = model;
    if (model === before) return;
    this.#writeState();
    if (model === undefined) this.#end();
    else if (before === undefined) this.#running = this.#running.then(() => this.#keep());
  }

  /** Settles when the process is gone. */
  async stop(): Promise<void> {
    this.want(undefined);
    await this.#running;
  }

  #end(): void {
    this.#wake?.();
    this.#installing.abort();
    // It has nothing to save: whoever waits for an answer asks again.
    this.#child?.kill("SIGKILL");
  }

  async #keep(): Promise<void> {
    let fastCrashes = 0;
    while (this.#wanted !== undefined) {
      const begunMs = performance.now();
      const reason = await this.#runOnce();
      this.#pid = undefined;
      this.#writeState();
      if (this.#isUnwanted()) return;
      const next = decideRestart(fastCrashes, performance.now() - begunMs);
      const delayMs = next.kind === "give_up" ? RARE_RETRY_MS : next.delayMs;
      fastCrashes = next.kind === "give_up" ? fastCrashes : next.fastCrashes;
      this.#options.onEvent({ type: "host:model_server_ended", reason, delayMs });
      await this.#sleep(delayMs);
    }
  }

  /** From the install to the end of the process. Answers why it ended. */
  async #runOnce(): Promise<string> {
    const { root, onEvent, program } = this.#options;
    try {
      const note = (text: string) => onEvent({ type: "host:model_server_installing", text });
      this.#installing = new AbortController();
      if (program === undefined) await installEngine(root, note, this.#installing.signal);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    return this.#isUnwanted() ? "" : await this.#runProcess();
  }

  async #runProcess(): Promise<string> {
    const { root, folder, port, onLine } = this.#options;
    const program = this.#options.program ?? programFile(root, "model-server");
    const { PATH = "", HOME = "", TMPDIR = "" } = process.env;
    const begunMs = performance.now();
    // A session of its own: Ctrl-C in the terminal is for the supervisor, and answers in flight may end.
    const child = spawn(
      process.execPath,
      [...process.execArgv, program, root, folder.root, String(port)],
      {
        env: { PATH, HOME, ...(TMPDIR === "" ? {} : { TMPDIR }) },
        detached: true,
        stdio: ["pipe", "pipe", "pipe"],
      },
    );
    this.#child = child;
    const onStdout = (line: string) => {
      if (line === `{"event":"listen","port":${port}}`) this.#noteStarted(child, begunMs);
      else onLine(line, "stdout");
    };
    const splitters = {
      stdout: new LineSplitter(onStdout),
      stderr: new LineSplitter((line) => onLine(line, "stderr")),
    };
    child.stdout.on("data", (bytes: Buffer) => splitters.stdout.push(bytes));
    child.stderr.on("data", (bytes: Buffer) => splitters.stderr.push(bytes));
    return await new Promise<string>((resolve) => {
      child.once("error", (error) => resolve(error.message));
      child.once("close", (code, signal) =>
        resolve(`the model server ended ${signal ? `by ${signal}` : `with status ${code}`}`),
      );
    });
  }

  #noteStarted(child: ChildProcess, begunMs: number): void {
    const { onEvent } = this.#options;
    this.#pid = child.pid;
    this.#writeState();
    const startMs = Math.round(performance.now() - begunMs);
    onEvent({ type: "host:model_server_started", url: this.url, startMs });
  }

  /** For the other commands. */
  #writeState(): void {
    const { folder } = this.#options;
    const [model, pid] = [this.#wanted, this.#pid];
    if (model === undefined) {
      removeModelServerState(folder);
      return;
    }
    const state = { url: this.url, model, ...(pid === undefined ? {} : { pid }) };
    writeModelServerState(folder, state);
  }

  /** A method of its own: `#wanted` changes while the loop waits, which the compiler cannot see. */
  #isUnwanted(): boolean {
    return this.#wanted === undefined;
  }

  async #sleep(delayMs: number): Promise<void> {
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
