/** Reads a time out of a person's words, in English or Chinese and without a model, on the clocks of his time zone. */
import type { When } from "../core/memory.ts";
import { nextOccurrence } from "../core/repeat.ts";
import { instantOf, wallMs, wallTimeAt } from "../core/time-zone.ts";
import { type FoundTime, findChineseTime } from "./chinese-time.ts";
import { type DayPart, type FoundRepeat, findRepeat, type RepeatDays } from "./repeat-words.ts";

type Again = Extract<FoundRepeat, { status: "found" }>;

/** Nothing is set for later than this. */
const MAX_AHEAD_MS = 5 * 366 * 24 * 3_600_000;

/** Where words that repeat come without a time of day. */
const PART_HOURS: Readonly<Record<DayPart, number>> = {
  morning: 9,
  afternoon: 15,
  evening: 20,
  night: 22,
};
const DAY_MS = 24 * 3_600_000;

/** Times that come again and again have their first one as `atMs`. */
export async function parseWhen(text: string, nowMs: number, zone: string): Promise<When> {
  const again = findRepeat(text);
  if (again.status === "other") return { status: "repeats" };
  if (again.status === "found") return parseRepeat(again, nowMs, zone);
  const now = wallTimeAt(nowMs, zone);
  const found = await findTime(text, wallMs(now));
  if (!found) return { status: "none" };
  const atMs = found.instantMs ?? toInstant(found.wallMs, wallMs(now), nowMs, zone);
  if (atMs <= nowMs) return { status: "past" };
  if (atMs - nowMs > MAX_AHEAD_MS) return { status: "too_far" };
  return { status: "found", atMs, rest: restOf(text, found) };
}

/** The words of English times are many: they are loaded where they are needed first. */
async function findTime(text: string, nowMs: number): Promise<FoundTime | undefined> {
  const chinese = /\p{Script=Han}/u.test(text) ? findChineseTime(text, nowMs) : undefined;
  if (chinese) return chinese;
  const { findEnglishTime } = await import("./english-time.ts");
  return findEnglishTime(text, nowMs);
}

/** Beside the words that repeat stands the time of day; the day of a week or month may, too. */
async function parseRepeat(
  { days, rest, part }: Again,
  nowMs: number,
  zone: string,
): Promise<When> {
  const now = wallMs(wallTimeAt(nowMs, zone));
  // From midnight on, so that eight is eight in the morning whenever it is said.
  const found = await findTime(rest, now - (now % DAY_MS));
  const at = new Date(found?.wallMs ?? now);
  const hour = found ? hourIn(at.getUTCHours(), part) : PART_HOURS[part ?? "morning"];
  const repeat = { ...daysOf(days, at), hour, minute: found ? at.getUTCMinutes() : 0 };
  const left = restOf(rest, found ?? { start: rest.length, end: rest.length });
  return { status: "found", atMs: nextOccurrence(repeat, nowMs, zone), rest: left, repeat };
}

/** Every evening at eight is at twenty. */
function hourIn(hour: number, part: DayPart | undefined): number {
  if (part === undefined || part === "morning") return hour;
  if (hour === 12) return part === "night" ? 0 : hour;
  return hour < 12 ? hour + 12 : hour;
}

function daysOf(days: RepeatDays | "week" | "month", at: Date): RepeatDays {
  if (days === "week") return { weekdays: [at.getUTCDay()] };
  return days === "month" ? { weekdays: [], monthDay: at.getUTCDate() } : days;
}

/** Some hours from now are so many hours, also when the clocks change in between; a date is a date. */
function toInstant(targetWallMs: number, nowWallMs: number, nowMs: number, zone: string): number {
  const aheadMs = targetWallMs - nowWallMs;
  const isSoon = aheadMs >= 0 && aheadMs < 3 * 3_600_000;
  if (isSoon) return Math.floor(nowMs / 1_000) * 1_000 + aheadMs;
  const at = new Date(targetWallMs);
  return instantOf(
    {
      year: at.getUTCFullYear(),
      month: at.getUTCMonth() + 1,
      day: at.getUTCDate(),
      hour: at.getUTCHours(),
      minute: at.getUTCMinutes(),
      second: at.getUTCSeconds(),
    },
    zone,
  );
}

const LEADING =
  /^(?:(?:remind|tell)\s+me\b|me\b|to\b|that\b|about\b|at\b|on\b|请|提醒我?|叫我|要|去|记得|[\s,，:：。、-])+/iu;
const TRAILING = /(?:\s+(?:at|on|by)|请?提醒我|叫我|[\s,，:：。、-])+$/iu;

function restOf(text: string, { start, end }: Pick<FoundTime, "start" | "end">): string {
  const before = text.slice(0, start).replace(LEADING, "").replace(TRAILING, "");
  const after = text.slice(end).replace(LEADING, "").replace(TRAILING, "");
  return [before, after].filter((part) => part !== "").join(" ");
}
