/** One run of workerd: started, listened to until it serves, and stopped. Knows nothing of restarts. */
import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { LineSplitter } from "../logs/line-splitter.ts";
import { CONFIG_CONSTANT } from "../workerd-config/capnp.ts";

const START_TIMEOUT_MS = 15_000;
/** Lines of standard error that are kept to explain a start that failed. */
const MAX_START_LINES = 50;
/** The first number of a file that a child is handed besides its standard ones and the control pipe. */
const FIRST_LENT_FD = 4;

export interface WorkerdRun {
  binary: string;
  /** Absolute: the next start finds a forgotten process by it. */
  configFile: string;
  /** Working directory. */
  dataDir: string;
  /** Sockets that listen already, by their names in the config; the config's own addresses are then not listened on. */
  sockets: readonly { name: string; fd: number }[];
  onLine(line: string, stream: "stdout" | "stderr"): void;
}

export interface WorkerdExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export type Started = { ok: true; port: number } | { ok: false; stderr: string };

export class WorkerdProcess {
  /** Settles when all sockets listen, when the process ended before that, or after {@link START_TIMEOUT_MS}. */
  readonly started: Promise<Started>;
  readonly exited: Promise<WorkerdExit>;
  readonly #child: ChildProcess;
  #killTimer: NodeJS.Timeout | undefined;

  constructor(run: WorkerdRun) {
    const startLines: string[] = [];
    // A session of its own: Ctrl-C in the terminal is for the supervisor, which then lets workerd drain.
    this.#child = spawn(
      run.binary,
      [
        "serve",
        "--experimental",
        run.configFile,
        CONFIG_CONSTANT,
        "--control-fd=3",
        ...run.sockets.map(({ name }, index) => `--socket-fd=${name}=${FIRST_LENT_FD + index}`),
      ],
      {
        cwd: run.dataDir,
        env: {},
        detached: true,
        stdio: ["ignore", "pipe", "pipe", "pipe", ...run.sockets.map(({ fd }) => fd)],
      },
    );
    const readers = [
      forwardLines(this.#child.stdout, (line) => run.onLine(line, "stdout")),
      forwardLines(this.#child.stderr, (line) => {
        if (startLines.length < MAX_START_LINES) startLines.push(line);
        run.onLine(line, "stderr");
      }),
    ];
    this.exited = this.#watchExit(readers, startLines);
    const names = new Set(["http", "admin", ...run.sockets.map(({ name }) => name)]);
    this.started = this.#watchStart(startLines, names);
  }

  /** Undefined where it could not even be spawned. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Lets requests in flight end, up to `drainMs`, then kills. Settles when the process is gone. */
  async stop(drainMs: number): Promise<void> {
    this.#child.kill("SIGTERM");
    this.#killTimer ??= setTimeout(() => this.kill(), drainMs);
    await this.exited;
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  async #watchExit(readers: Promise<void>[], startLines: string[]): Promise<WorkerdExit> {
    const exit = await new Promise<WorkerdExit>((resolve) => {
      this.#child.once("exit", (code, signal) => resolve({ code, signal }));
      this.#child.once("error", (error) => {
        startLines.push(error.message);
        resolve({ code: null, signal: null });
      });
    });
    clearTimeout(this.#killTimer);
    await Promise.all(readers);
    return exit;
  }

  #watchStart(startLines: readonly string[], names: ReadonlySet<string>): Promise<Started> {
    return new Promise((resolve) => {
      const failed = () => resolve({ ok: false, stderr: startLines.join("\n") });
      const timer = setTimeout(() => this.kill(), START_TIMEOUT_MS);
      const ports = new Map<string, number>();
      const control = this.#child.stdio[3] as Readable | null; // a pipe in stdio above, so it can be read
      void forwardLines(control, (line) => {
        const event = parseListenEvent(line);
        if (event) ports.set(event.socket, event.port);
        if (![...names].every((name) => ports.has(name))) return;
        clearTimeout(timer);
        resolve({ ok: true, port: ports.get("http") ?? 0 });
      });
      void this.exited.then(() => {
        clearTimeout(timer);
        failed();
      });
    });
  }
}

function parseListenEvent(line: string): { socket: string; port: number } | undefined {
  const match = /^\{"event":"listen","socket":"(\w+)","port":(\d+)\}$/.exec(line.trim());
  return match ? { socket: match[1] ?? "", port: Number(match[2]) } : undefined;
}

/** Settles when the stream has ended. */
function forwardLines(stream: Readable | null, onLine: (line: string) => void): Promise<void> {
  return new Promise((resolve) => {
    if (stream === null) return resolve();
    const splitter = new LineSplitter(onLine);
    stream.on("data", (bytes: Buffer) => splitter.push(bytes));
    stream.on("error", () => stream.destroy());
    stream.once("close", () => {
      splitter.end();
      resolve();
    });
  });
}
