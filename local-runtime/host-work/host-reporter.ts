/**
 * Tells the Worker what only the host knows: that it has just started, that time passes, and when memory runs short or is
 * back. A report that is lost is made up for by the next one; nothing waits for it.
 */
import * as v from "valibot";
import type { HostChecks, HostReport } from "../../src/core/admin-protocol.ts";
import { callAdmin } from "../admin/admin-client.ts";
import type { SupervisorEvent } from "../supervisor/supervisor.ts";
import { decidePressure, NO_PRESSURE, type Pressure } from "./memory-pressure.ts";

/** Between two looks at the memory: reading two small files. */
const LOOK_MS = 10_000;
/** Between two reports where nothing changes. */
export const REPORT_MS = 600_000;
/** A model that is warmed up may take as long as the model server takes to load one. */
const CALL_TIMEOUT_MS = 310_000;

const ReplySchema = v.object({ heard: v.literal(true) });

interface HostReporterOptions {
  adminSocket: string;
  freeShare(): number | undefined;
  /** What the daily work came to. */
  checks(): HostChecks | undefined;
  nowMs(): number;
}

export class HostReporter {
  readonly #options: HostReporterOptions;
  #pressure: Pressure = NO_PRESSURE;
  #freePercent: number | undefined;
  #reportedAtMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #calls = new AbortController();

  constructor(options: HostReporterOptions) {
    this.#options = options;
    this.#calls.abort(); // nobody serves yet
  }

  /** Reports while a workerd serves, the first one or a later one. */
  follow(event: SupervisorEvent): void {
    if (event.type === "host:serving") this.#start();
    else if (event.type !== "host:reload_refused") this.stop();
  }

  #start(): void {
    this.stop();
    this.#calls = new AbortController();
    this.#look();
    this.#send(true);
    this.#timer = setInterval(() => this.tick(), LOOK_MS);
    this.#timer.unref();
  }

  /** Looks at the memory, and reports where there is something to report. */
  tick(): void {
    const wasShort = this.#pressure.isShort;
    this.#look();
    const isDue = this.#options.nowMs() - this.#reportedAtMs >= REPORT_MS;
    if (isDue || this.#pressure.isShort !== wasShort) this.#send(false);
  }

  /** Something is new that the Worker should know now. */
  tell(): void {
    if (!this.#calls.signal.aborted) this.#send(false);
  }

  /** Ends what is under way, so that no report holds up a workerd that ends. */
  stop(): void {
    clearInterval(this.#timer);
    this.#calls.abort();
  }

  #look(): void {
    const share = this.#options.freeShare();
    this.#pressure = decidePressure(this.#pressure, share, this.#options.nowMs());
    this.#freePercent = share === undefined ? undefined : Math.floor(share * 100);
  }

  #send(isStart: boolean): void {
    this.#reportedAtMs = this.#options.nowMs();
    const freePercent = this.#pressure.isShort ? this.#freePercent : undefined;
    const checks = this.#options.checks();
    const body: HostReport = {
      isStart,
      ...(freePercent === undefined ? {} : { freePercent }),
      ...(checks ? { checks } : {}),
    };
    callAdmin(this.#options.adminSocket, {
      method: "POST",
      path: "/host",
      body,
      reply: ReplySchema,
      timeoutMs: CALL_TIMEOUT_MS,
      signal: this.#calls.signal,
    }).catch(() => undefined); // the next one says the same, and more
  }
}
