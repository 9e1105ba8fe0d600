/** What comes again and again on the clocks of a time zone: every day, some days of the week, or a day of the month. Pure. */
import { instantOf, wallMs, wallTimeAt } from "./time-zone.ts";

export interface Repeat {
  /** 0 is Sunday. All seven are every day. Empty where it comes by the month. */
  weekdays: readonly number[];
  /** Of the month; the last day of a month that is shorter. */
  monthDay?: number;
  hour: number;
  minute: number;
}

const DAY_MS = 24 * 3_600_000;
/** The longest way from one to the next: a month and its end. */
const MAX_DAYS = 63;

/**
 * The first one after this instant. The hour that is skipped in spring is an hour later on that day; one that comes twice
 * in autumn is the first.
 */
export function nextOccurrence(repeat: Repeat, afterMs: number, zone: string): number {
  const { hour, minute } = repeat;
  const today = wallMs({ ...wallTimeAt(afterMs, zone), hour: 0, minute: 0, second: 0 });
  for (let day = 0; day <= MAX_DAYS; day += 1) {
    const date = new Date(today + day * DAY_MS);
    if (!isOn(repeat, date)) continue;
    const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + 1];
    const atMs = instantOf({ year, month, day: date.getUTCDate(), hour, minute, second: 0 }, zone);
    if (atMs > afterMs) return atMs;
  }
  throw new TypeError("This comes never again.");
}

function isOn({ weekdays, monthDay }: Repeat, date: Date): boolean {
  if (monthDay === undefined) return weekdays.includes(date.getUTCDay());
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  return date.getUTCDate() === Math.min(monthDay, lastDay);
}
