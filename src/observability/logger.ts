/** JSON lines on standard output: one for each event, with its time and level. The host keeps them. */
import type { RockpoolEvent } from "../core/events.ts";
import { maskSession } from "./redact.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

const RANK: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };
let threshold = RANK.info;

export function setLogLevel(level: LogLevel): void {
  threshold = RANK[level];
}

function levelOf(event: RockpoolEvent): LogLevel {
  switch (event.type) {
    case "fault":
    case "outbox:parked":
    case "journal:failed":
      return "error";
    case "outbox:retry":
    case "prompt:undercounted":
    case "gate:full":
    case "gate:lost":
      return "warn";
    case "request":
      return event.status >= 500 ? "error" : "info";
    case "turn:finished":
    case "api:call":
    case "summary:finished":
      return event.code ? "warn" : "info";
    case "connection:state":
      return event.state === "retry" ? "warn" : "info";
    case "turn:started":
    case "gate:granted":
    case "outbox:sent":
    case "journal:flushed":
    case "webhook:received":
      return "debug";
    default:
      return "info";
  }
}

export function logEvent(event: RockpoolEvent): void {
  const level = levelOf(event);
  if (RANK[level] < threshold) return;
  const shown = "session" in event ? { ...event, session: maskSession(event.session) } : event;
  const line = JSON.stringify({ time: new Date().toISOString(), level, ...shown });
  // biome-ignore lint/suspicious/noConsole: standard output is where the log goes.
  console.log(line);
}
