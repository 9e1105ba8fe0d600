/**
 * Renews the page's access without the person noticing: ahead of time while the page is open, and when a call finds it
 * over. Calls that find so together share one renewal; tabs take turns where the browser lets them.
 */
import { toApiError } from "./api-error.ts";

/** Renewed this long before its end, so that links to files work at any time. */
const AHEAD_MS = 3 * 60_000;
/** After a renewal that did not work out. */
const RETRY_MS = 30_000;
const LOCK = "rockpool.renewal";

export interface RenewalPorts {
  /** Throws ApiError. */
  renew(): Promise<{ endsInMs: number }>;
  nowMs(): number;
  later(work: () => void, ms: number): void;
}

export interface Renewal {
  /** Does the work, once more after a renewal where the access was over. Throws what the work throws, or the renewal. */
  around<Value>(work: () => Promise<Value>): Promise<Value>;
  /** The access lasts this long from now; it is renewed before. */
  lasts(endsInMs: number): void;
  /** Renews now if it is due: timers stand still while a device sleeps. */
  check(): void;
  /** There is nothing to renew any more. */
  stop(): void;
}

export function createRenewal(ports: RenewalPorts): Renewal {
  let running: Promise<void> | undefined;
  let dueMs = Number.POSITIVE_INFINITY;

  function lasts(endsInMs: number): void {
    dueMs = ports.nowMs() + Math.max(endsInMs - AHEAD_MS, 0);
    ports.later(check, dueMs - ports.nowMs());
  }

  function check(): void {
    if (ports.nowMs() < dueMs) return;
    dueMs = ports.nowMs() + RETRY_MS;
    renewOnce().catch((error: unknown) => {
      // Signed out shows itself at the next call.
      if (!toApiError(error).isSignedOut) ports.later(check, RETRY_MS);
    });
  }

  function renewOnce(): Promise<void> {
    running ??= inTurn(() => ports.renew())
      .then(({ endsInMs }) => lasts(endsInMs))
      .finally(() => {
        running = undefined;
      });
    return running;
  }

  return {
    async around(work) {
      try {
        return await work();
      } catch (error) {
        if (!toApiError(error).isSignedOut) throw error;
      }
      await renewOnce();
      return work();
    },
    lasts,
    check,
    stop() {
      dueMs = Number.POSITIVE_INFINITY;
    },
  };
}

/** One tab after the other; where the page is served by plain http, there are no locks, and the server bears it. */
function inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
  return "locks" in navigator ? navigator.locks.request(LOCK, work) : work();
}
