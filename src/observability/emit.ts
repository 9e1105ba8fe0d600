/** Hands an event to its readers: the log (one JSON line) and the metrics. */
import type { RockpoolEvent } from "../core/events.ts";
import { logEvent } from "./logger.ts";
import { count, countSeries, labelPairs, METRICS, observeMs } from "./metrics.ts";

type Finished = Extract<RockpoolEvent, { type: "turn:finished" | "api:call" }>;

function measureTokens(event: Finished): void {
  if (event.firstTokenMs !== undefined) observeMs(METRICS.firstTokenSeconds, event.firstTokenMs);
  if (event.promptTokens) count(METRICS.promptTokens, {}, event.promptTokens);
  if (event.outputTokens) count(METRICS.outputTokens, {}, event.outputTokens);
}

/** Rendered once: routes and statuses are few, and every call of a flood is counted. */
const requestSeries = new Map<string, string>();

function seriesOf({ route, status }: Extract<RockpoolEvent, { type: "request" }>): string {
  const name = `${status} ${route}`;
  const known = requestSeries.get(name);
  if (known !== undefined) return known;
  const series = labelPairs({ route, status: String(status) });
  requestSeries.set(name, series);
  return series;
}

/** For what is too much for the log: the metrics alone. */
export function measure(event: RockpoolEvent): void {
  switch (event.type) {
    case "request":
      countSeries(METRICS.requests, seriesOf(event));
      observeMs(METRICS.requestSeconds, event.ms);
      break;
    case "webhook:received":
      count(METRICS.webhooks, { channel: event.channel, outcome: event.outcome }, event.count);
      break;
    case "turn:started":
      observeMs(METRICS.queueSeconds, event.queuedMs);
      break;
    case "turn:finished":
      count(METRICS.turns, { channel: event.channel, outcome: event.outcome });
      observeMs(METRICS.turnSeconds, event.ms);
      measureTokens(event);
      break;
    case "api:call":
      count(METRICS.apiCalls, { kind: event.kind, outcome: event.outcome });
      measureTokens(event);
      break;
    case "model:failover":
      count(METRICS.failovers, { code: event.code });
      break;
    case "summary:finished":
      count(METRICS.summaries, { outcome: event.outcome });
      break;
    case "prompt:undercounted":
      count(METRICS.undercounted);
      break;
    case "gate:granted":
      observeMs(METRICS.gateSeconds, event.waitedMs, { priority: event.priority });
      break;
    case "gate:full":
      count(METRICS.gateRefused, { priority: event.priority });
      break;
    case "gate:lost":
      count(METRICS.gateLost);
      break;
    case "outbox:sent":
    case "outbox:retry":
    case "outbox:parked":
      count(METRICS.sends, { channel: event.channel, result: event.type.slice("outbox:".length) });
      break;
    case "journal:flushed":
      count(METRICS.journalRows, {}, event.rows);
      break;
    case "journal:failed":
      count(METRICS.faults, { where: "journal", code: event.code });
      break;
    case "fault":
      count(METRICS.faults, { where: event.where, code: event.code });
      break;
    default:
      break;
  }
}

export function emit(event: RockpoolEvent): void {
  measure(event);
  logEvent(event);
}
