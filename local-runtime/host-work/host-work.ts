/** What the host does for the Worker while it serves: reports of the box, and the work that comes once a day. */
import type { Options } from "../../src/config/options.ts";
import type { KeyedFolder } from "../keys/master-key.ts";
import type { SupervisorEvent } from "../supervisor/supervisor.ts";
import { type DailyEvent, DailyWork } from "./daily-work.ts";
import { freeShare } from "./free-memory.ts";
import { loadHostChecks } from "./host-checks.ts";
import { HostReporter } from "./host-reporter.ts";

interface HostWorkOptions {
  root: string;
  folder: KeyedFolder;
  options: Options;
  adminSocket: { path: string };
  onEvent(event: DailyEvent): void;
}

export interface HostWork {
  follow(event: SupervisorEvent): void;
  stop(): void;
}

export function createHostWork(facts: HostWorkOptions): HostWork {
  const { root, folder, options, adminSocket, onEvent } = facts;
  const nowMs = () => Date.now();
  const reporter = new HostReporter({
    adminSocket: adminSocket.path,
    freeShare: () => freeShare(),
    checks: () => loadHostChecks(folder),
    nowMs,
  });
  const onDone = () => reporter.tell();
  const daily = new DailyWork({ root, folder, options, nowMs, onEvent, onDone });
  daily.start();
  return {
    follow: (event) => reporter.follow(event),
    stop: () => {
      daily.stop();
      reporter.stop();
    },
  };
}
