/** Times as people say them in English: in 20 minutes, tomorrow at 9am, next Monday 14:30. Wall times in and out. Pure. */
import { casual } from "chrono-node/en";
import type { FoundTime } from "./chinese-time.ts";

/** Where only a day is named. */
const MORNING_HOUR = 9;
/** Parts of a day that chrono knows the hour of, and times from now on, which keep the time of day. */
const SAYS_HOUR =
  /night|evening|afternoon|noon|midday|^(?:in|after|within)\b|\b(?:later|from now)$/i;
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
  return { wallMs, start: found.index, end: found.index + found.text.length };
}
