/** Times as people say them in English: in 20 minutes, tomorrow at 9am, next Monday 14:30. Wall times in and out. Pure. */
import { casual } from "chrono-node/en";
import type { FoundTime } from "./chinese-time.ts";

/** Where only a day is named. */
const MORNING_HOUR = 9;
/** Parts of a day that chrono knows the hour of, and times from now on, which keep the time of day. */
const SAYS_HOUR =
  /night|evening|afternoon|noon|midday|^(?:in|after|within)\b|\b(?:later|from now)$/i;
/** A zone at the end of a time: 09:00Z, 09:00+08:00, 9am UTC, 9am PST. */
const ZONE = /\d(?:[zZ]|[+-]\d{2}:?\d{2})$|\b(?:UTC|utc|GMT|gmt|[A-Z]{1,3}[SD]?T)$/;
/** A longer text is looked at so far only. */
const MAX_UNITS = 1_000;

/** `nowMs` is the wall time as if it were UTC. */
export function findEnglishTime(text: string, nowMs: number): FoundTime | undefined {
  // The reference stands in UTC as well: no zone of this machine or of the person has a say here.
  const reference = { instant: new Date(nowMs), timezone: 0 };
  const [found] = casual.parse(text.slice(0, MAX_UNITS), reference, { forwardDate: true });
  if (!found) return undefined;
  const { start } = found;
  const isDayOnly = !start.isCertain("hour") && !SAYS_HOUR.test(found.text);
  const wallMs = Date.UTC(
    start.get("year") ?? 0,
    (start.get("month") ?? 1) - 1,
    start.get("day") ?? 1,
    isDayOnly ? MORNING_HOUR : (start.get("hour") ?? MORNING_HOUR),
    isDayOnly ? 0 : (start.get("minute") ?? 0),
    isDayOnly ? 0 : (start.get("second") ?? 0),
  );
  const place = { wallMs, start: found.index, end: found.index + found.text.length };
  // Times from now on have the reference's zone, and name none.
  const namesZone = start.isCertain("timezoneOffset") && ZONE.test(found.text);
  return namesZone ? { ...place, instantMs: start.date().getTime() } : place;
}
