/** When the daily work is due: once after a time of the day, made up for where it was missed. Pure. */
import { NEVER } from "../../src/config/backup-rule.ts";

/** After a try that failed. */
export const RETRY_MS = 3_600_000;

export interface DailyState {
  /** When the work was last done well; undefined where it never was. */
  doneAtMs: number | undefined;
  /** When it was last tried, well or not. */
  triedAtMs: number | undefined;
}

/** `at` is `03:30`, or `off`; `zone` of the IANA list. */
export function isDue(
  { doneAtMs, triedAtMs }: DailyState,
  { at, zone, nowMs }: { at: string; zone: string; nowMs: number },
): boolean {
  if (at === NEVER) return false;
  // A time to come is of a clock that was set back since: it says nothing.
  const happened = (atMs: number | undefined) => atMs !== undefined && atMs <= nowMs;
  if (happened(triedAtMs) && nowMs - (triedAtMs ?? 0) < RETRY_MS) return false;
  if (doneAtMs === undefined || !happened(doneAtMs)) return true;
  return workDay(nowMs, at, zone) > workDay(doneAtMs, at, zone);
}

/** The local day whose work a moment belongs to: before the time of the day it is still that of the day before. */
function workDay(atMs: number, at: string, zone: string): number {
  const { day, time } = localTime(atMs, zone);
  return time >= at ? day : day - 1;
}

const DAY_MS = 86_400_000;

function localTime(atMs: number, zone: string): { day: number; time: string } {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  }).formatToParts(atMs);
  const part = (type: string) => parts.find((item) => item.type === type)?.value ?? "";
  const date = Date.UTC(Number(part("year")), Number(part("month")) - 1, Number(part("day")));
  return { day: date / DAY_MS, time: `${part("hour")}:${part("minute")}` };
}
