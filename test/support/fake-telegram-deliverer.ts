/**
 * Delivers updates to a webhook as Telegram does: with the secret in a header, over kept connections, again and again
 * until the answer is 2xx.
 */
import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Update } from "./fake-telegram-updates.ts";

export interface DeliveryOptions {
  url: string;
  secret: string;
  updates: Iterable<Update>;
  /** Calls at once; Telegram's own default is 40. */
  concurrency?: number;
  /** Starts that many a second, whether or not earlier ones were answered (within `concurrency`). */
  perSecond?: number;
  /** Pause before an update is delivered again. */
  retryMs?: number;
  /** After this time a call counts as failed. */
  timeoutMs?: number;
  signal?: AbortSignal;
  onAccepted?: (update: Update, attempts: number) => void;
}

export interface DeliveryReport {
  accepted: number;
  attempts: number;
  /** From the first try (or its due time, with `perSecond`) to the 2xx, for each update. */
  latenciesMs: number[];
  /** Answers by HTTP status; 0 stands for a broken connection. */
  statuses: Map<number, number>;
}

interface Post {
  url: URL;
  headers: Record<string, string>;
  agent: Agent;
  timeoutMs: number;
}

/** The status of the answer; 0 where there was none. */
function post({ url, headers, agent, timeoutMs }: Post, body: string): Promise<number> {
  return new Promise((resolve) => {
    const call = request(
      url,
      {
        method: "POST",
        agent,
        headers: { ...headers, "content-length": Buffer.byteLength(body) },
        timeout: timeoutMs,
      },
      (response) => {
        response.on("error", () => resolve(0));
        response.on("end", () => resolve(response.statusCode ?? 0));
        response.resume();
      },
    );
    call.on("timeout", () => call.destroy());
    call.on("error", () => resolve(0));
    call.end(body);
  });
}

/** Ends when every update was accepted, or when `signal` fires. */
export async function deliverUpdates(options: DeliveryOptions): Promise<DeliveryReport> {
  const { concurrency = 40, retryMs = 50, timeoutMs = 10_000, perSecond, signal } = options;
  const target: Post = {
    url: new URL(options.url),
    headers: {
      "content-type": "application/json",
      "x-telegram-bot-api-secret-token": options.secret,
    },
    agent: new Agent({ keepAlive: true, maxSockets: concurrency }),
    timeoutMs,
  };
  const report: DeliveryReport = { accepted: 0, attempts: 0, latenciesMs: [], statuses: new Map() };
  const startMs = performance.now();
  let started = 0;

  async function deliver(update: Update, fromMs: number): Promise<void> {
    const body = JSON.stringify(update);
    for (let attempts = 1; !signal?.aborted; attempts += 1) {
      report.attempts += 1;
      const status = await post(target, body);
      report.statuses.set(status, (report.statuses.get(status) ?? 0) + 1);
      if (status >= 200 && status < 300) {
        report.accepted += 1;
        report.latenciesMs.push(performance.now() - fromMs);
        options.onAccepted?.(update, attempts);
        return;
      }
      await sleep(retryMs);
    }
  }

  const queue = options.updates[Symbol.iterator]();
  async function work(): Promise<void> {
    while (!signal?.aborted) {
      const next = queue.next();
      if (next.done) return;
      const dueMs = perSecond === undefined ? 0 : startMs + (started++ * 1000) / perSecond;
      const waitMs = dueMs - performance.now();
      if (waitMs > 0) await sleep(waitMs);
      await deliver(next.value, Math.max(dueMs, startMs, perSecond ? 0 : performance.now()));
    }
  }
  try {
    await Promise.all(Array.from({ length: concurrency }, work));
  } finally {
    target.agent.destroy();
  }
  return report;
}
