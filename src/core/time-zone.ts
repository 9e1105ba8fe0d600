/** Wall clocks of the world: instants as people of a time zone read them, and back. Pure; the zones are the runtime's. */

/** A time as a clock on the wall shows it; month from 1. */
export interface WallTime {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

const MINUTE_MS = 60_000;
const MAX_ZONE_UNITS = 64;
/** Formatters are dear to make; one for each zone in use. */
const MAX_FORMATS = 64;
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  if (formats.size >= MAX_FORMATS) formats.clear();
  formats.set(zone, format);
  return format;
}

/** The zone's name as IANA writes it; undefined for none. */
export function parseTimeZone(name: string): string | undefined {
  if (name.length > MAX_ZONE_UNITS) return undefined;
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: name.trim() }).resolvedOptions().timeZone;
  } catch {
    return undefined; // a RangeError: no such zone
  }
}

export function wallTimeAt(atMs: number, zone: string): WallTime {
  const parts = formatOf(zone).formatToParts(atMs);
  const read = (type: string) => Number(parts.find((part) => part.type === type)?.value ?? 0);
  return {
    year: read("year"),
    month: read("month"),
    day: read("day"),
    hour: read("hour"),
    minute: read("minute"),
    second: read("second"),
  };
}

/** The wall time as if it were one of UTC, in milliseconds: for sums with days and hours. */
export function wallMs({ year, month, day, hour, minute, second }: WallTime): number {
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** `UTC`, `UTC+8`, `UTC-3:30`: how far the zone's clocks are from UTC at this instant. */
export function renderOffset(atMs: number, zone: string): string {
  const minutes = Math.round(offsetMinutesAt(atMs, zone));
  if (minutes === 0) return "UTC";
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `UTC${minutes < 0 ? "-" : "+"}${hours}${rest === 0 ? "" : `:${pad(rest)}`}`;
}

/** Minutes that the zone's clocks are before UTC at this instant. */
function offsetMinutesAt(atMs: number, zone: string): number {
  const wholeSecondMs = Math.floor(atMs / 1_000) * 1_000;
  return (wallMs(wallTimeAt(atMs, zone)) - wholeSecondMs) / MINUTE_MS;
}

/**
 * The instant at which the zone's clocks show this time. A time that is skipped in spring is an hour later; of one that
 * comes twice in autumn it is the first.
 */
export function instantOf(wall: WallTime, zone: string): number {
  const asUtcMs = wallMs(wall);
  const dayMs = 24 * 60 * MINUTE_MS;
  const candidates = [asUtcMs - dayMs, asUtcMs + dayMs]
    .map((aroundMs) => asUtcMs - offsetMinutesAt(aroundMs, zone) * MINUTE_MS)
    .sort((a, b) => a - b);
  const right = candidates.find((atMs) => wallMs(wallTimeAt(atMs, zone)) === asUtcMs);
  return right ?? candidates.at(-1) ?? asUtcMs;
}

const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

function pad(value: number): string {
  return String(value).padStart(2, "0");
}

/** `Saturday, 2026-11-21 15:04`: in words for the model, and for people of every language. */
export function renderTime(atMs: number, zone: string): string {
  const wall = wallTimeAt(atMs, zone);
  const weekday = WEEKDAYS[new Date(wallMs(wall)).getUTCDay()];
  return `${weekday}, ${renderPlainTime(atMs, zone)}`;
}

/** `2026-11-21 15:04`. */
export function renderPlainTime(atMs: number, zone: string): string {
  const { year, month, day, hour, minute } = wallTimeAt(atMs, zone);
  return `${year}-${pad(month)}-${pad(day)} ${pad(hour)}:${pad(minute)}`;
}

/** RFC 3339 with the zone's offset: `2026-11-21T15:04:05.123+01:00`. */
export function renderTimestamp(atMs: number, zone: string): string {
  // Offsets of long ago have seconds, which the format has not.
  const minutes = Math.round(offsetMinutesAt(atMs, zone));
  const local = new Date(atMs + minutes * MINUTE_MS).toISOString().slice(0, -1);
  const offset = `${pad(Math.floor(Math.abs(minutes) / 60))}:${pad(Math.abs(minutes) % 60)}`;
  return `${local}${minutes < 0 ? "-" : "+"}${offset}`;
}
