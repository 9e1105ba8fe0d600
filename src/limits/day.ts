/** The day that limits are counted by: from midnight to midnight on the box's clocks. */
import { instantOf, wallTimeAt } from "../core/time-zone.ts";

export interface Day {
  /** `2026-11-21`. */
  name: string;
  startsAtMs: number;
  endsAtMs: number;
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}

export function dayAt(atMs: number, zone: string): Day {
  const { year, month, day } = wallTimeAt(atMs, zone);
  const midnight = { hour: 0, minute: 0, second: 0 };
  return {
    name: `${year}-${pad(month)}-${pad(day)}`,
    startsAtMs: instantOf({ year, month, day, ...midnight }, zone),
    // One day more than a month has is the next month's first.
    endsAtMs: instantOf({ year, month, day: day + 1, ...midnight }, zone),
  };
}

/** Asks the calendar once a day, and not for each message. */
export function createDayClock(zone: string): (atMs: number) => Day {
  let day: Day | undefined;
  return (atMs) => {
    if (!day || atMs < day.startsAtMs || atMs >= day.endsAtMs) day = dayAt(atMs, zone);
    return day;
  };
}
