/** Reads a time out of a person's words, in English or Chinese and without a model, on the clocks of his time zone. Pure. */
import type { When } from "../core/memory.ts";
import { instantOf, wallMs, wallTimeAt } from "../core/time-zone.ts";
import { type FoundTime, findChineseTime } from "./chinese-time.ts";
import { findEnglishTime } from "./english-time.ts";

/** Nothing is set for later than this. */
const MAX_AHEAD_MS = 5 * 366 * 24 * 3_600_000;

const REPEATS =
  /\b(?:every|each|daily|weekly|monthly|yearly)\b|每(?:天|日|周|星期|月|年|个|隔|早|晚)/i;

export function parseWhen(text: string, nowMs: number, zone: string): When {
  const now = wallTimeAt(nowMs, zone);
  const found = /\p{Script=Han}/u.test(text)
    ? (findChineseTime(text, wallMs(now)) ?? findEnglishTime(text, wallMs(now)))
    : findEnglishTime(text, wallMs(now));
  if (!found) return { status: "none" };
  if (REPEATS.test(text)) return { status: "repeats" };
  const atMs = found.instantMs ?? toInstant(found.wallMs, wallMs(now), nowMs, zone);
  if (atMs <= nowMs) return { status: "past" };
  if (atMs - nowMs > MAX_AHEAD_MS) return { status: "too_far" };
  return { status: "found", atMs, rest: restOf(text, found) };
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

function restOf(text: string, { start, end }: FoundTime): string {
  const before = text.slice(0, start).replace(LEADING, "").replace(TRAILING, "");
  const after = text.slice(end).replace(LEADING, "").replace(TRAILING, "");
  return [before, after].filter((part) => part !== "").join(" ");
}
