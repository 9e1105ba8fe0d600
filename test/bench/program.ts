/**
 * Programs of the bench that run in processes of their own, so that what they cost is not measured with what is measured:
 * started with one JSON argument, called by name over IPC, ended with their parent.
 */
import { type ChildProcess, fork } from "node:child_process";

const CALL_TIMEOUT_MS = 30_000;
/** Longer than a server may take to drain. */
const STOP_TIMEOUT_MS = 12_000;

interface Call {
  id: number;
  name: string;
  argument: unknown;
}

type Reply = { id: number; result: unknown } | { id: number; error: string };

type Handler = (argument: never) => unknown;

/** In the program: answers the parent's calls, and ends by `stop` when the parent asks or is gone. */
export function serveCalls(handlers: Record<string, Handler>, stop: () => Promise<void>): void {
  process.on("message", async ({ id, name, argument }: Call) => {
    try {
      const handler = handlers[name];
      if (!handler) throw new TypeError(`${name} is nothing that this program does`);
      // Parent and program are of one source: the caller's type is the handler's.
      process.send?.({ id, result: await handler(argument as never) });
    } catch (error) {
      process.send?.({ id, error: error instanceof Error ? error.message : String(error) });
    }
  });
  process.once("disconnect", async () => {
    await stop();
    process.exit();
  });
}

/** In the program: the argument that it was started with. */
export function programArgument<Argument>(): Argument {
  return JSON.parse(process.argv[2] ?? "null") as Argument; // written by startProgram() only
}

/** In the parent. */
export class Program {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #lastId = 0;

  constructor(file: string, argument: unknown) {
    this.#child = fork(file, [JSON.stringify(argument)], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      execArgv: ["--disable-warning=ExperimentalWarning"],
    });
    this.#child.on("message", (reply: Reply) => this.#waiting.get(reply.id)?.(reply));
    this.#ended = new Promise((resolve) => {
      this.#child.once("exit", () => {
        for (const [id, settle] of this.#waiting) settle({ id, error: `${file} has ended` });
        resolve();
      });
    });
  }

  /** Throws what the program throws, or after `timeoutMs`. */
  call<Result>(
    name: string,
    argument?: unknown,
    timeoutMs: number = CALL_TIMEOUT_MS,
  ): Promise<Result> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => settle({ id, error: `${name} took longer than ${timeoutMs} ms` }),
        timeoutMs,
      );
      const settle = (reply: Reply) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        if ("error" in reply) reject(new Error(reply.error));
        else resolve(reply.result as Result); // of one source, as above
      };
      this.#waiting.set(id, settle);
      if (!this.#child.connected) settle({ id, error: "the program has ended" });
      else this.#child.send({ id, name, argument });
    });
  }

  /** Settles when the process is gone. */
  async stop(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await this.#ended;
    clearTimeout(timer);
  }
}
