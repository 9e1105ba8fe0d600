/**
 * The load: HTTP calls over a bounded number of kept connections. Closed loop for throughput (the next call when one is
 * answered), open loop for latency (calls at their due times, whatever became of earlier ones).
 */
import { Agent, type OutgoingHttpHeaders, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { clockMs } from "./clock.ts";
import { WrongMeasurement } from "./wrong-measurement.ts";

export const CONNECTIONS = 32;
const CALL_TIMEOUT_MS = 30_000;

export interface Call {
  path: string;
  body: Buffer;
}

export interface LoadResult {
  perSecond: number;
  latenciesMs: number[];
  /** By clockMs(), when each call was begun, in the order of the calls. */
  sentAtMs: number[];
  startedAtMs: number;
}

export class Caller {
  readonly #url: URL;
  readonly #expected: readonly number[];
  readonly #headers: OutgoingHttpHeaders;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

  constructor(url: string, headers: OutgoingHttpHeaders = {}, expected: readonly number[] = [200]) {
    this.#url = new URL(url);
    this.#expected = expected;
    this.#headers = { "content-type": "application/json", ...headers };
  }

  /** Throws a WrongMeasurement for an answer of another status than the expected ones. */
  post({ path, body }: Call): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (what: string) => reject(new WrongMeasurement(`POST ${path}: ${what}`));
      const call = request(
        {
          host: this.#url.hostname,
          port: this.#url.port,
          path,
          method: "POST",
          agent: this.#agent,
          headers: { ...this.#headers, "content-length": body.length },
          timeout: CALL_TIMEOUT_MS,
        },
        (response) => {
          response.on("error", (error) => fail(error.message));
          response.on("end", () => {
            if (this.#expected.includes(response.statusCode ?? 0)) resolve();
            else fail(`status ${response.statusCode}`);
          });
          response.resume();
        },
      );
      call.on("timeout", () => call.destroy(new Error("no answer in time")));
      call.on("error", (error) => fail(error.message));
      call.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

export async function runClosedLoop(caller: Caller, calls: readonly Call[]): Promise<LoadResult> {
  const latenciesMs: number[] = [];
  const sentAtMs: number[] = [];
  const queue = calls.entries();
  const startedAtMs = clockMs();
  async function work(): Promise<void> {
    for (const [index, call] of queue) {
      const beganMs = clockMs();
      sentAtMs[index] = beganMs;
      await caller.post(call);
      latenciesMs.push(clockMs() - beganMs);
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  const seconds = (clockMs() - startedAtMs) / 1000;
  return { perSecond: calls.length / seconds, latenciesMs, sentAtMs, startedAtMs };
}

/** A call that is begun late counts from its due time. */
export async function runOpenLoop(
  caller: Caller,
  calls: readonly Call[],
  perSecond: number,
): Promise<LoadResult> {
  const startedAtMs = clockMs();
  const latenciesMs: number[] = [];
  const sentAtMs: number[] = [];
  const running: Promise<void>[] = [];
  for (const [index, call] of calls.entries()) {
    const dueMs = startedAtMs + (index * 1000) / perSecond;
    const waitMs = dueMs - clockMs();
    // A timer fires up to a millisecond early or late: the call then counts from when it is sent.
    if (waitMs > 0) await sleep(waitMs);
    const beganMs = waitMs > 0 ? clockMs() : dueMs;
    sentAtMs.push(beganMs);
    running.push(caller.post(call).then(() => void latenciesMs.push(clockMs() - beganMs)));
  }
  await Promise.all(running);
  const seconds = (clockMs() - startedAtMs) / 1000;
  return { perSecond: calls.length / seconds, latenciesMs, sentAtMs, startedAtMs };
}
