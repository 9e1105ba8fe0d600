/** Words that say that something comes again: every day, on Mondays, 每周一, 每月1号. What they leave of the text holds the time. Pure. */
import type { Repeat } from "../core/repeat.ts";

export type RepeatDays = Pick<Repeat, "weekdays" | "monthDay">;

export type DayPart = "morning" | "afternoon" | "evening" | "night";

export type FoundRepeat =
  | {
      status: "found";
      /** Undefined where the text says how often and not on which day: every week, every month. */
      days: RepeatDays | "week" | "month";
      /** The text without these words. */
      rest: string;
      /** Of the day, where the words name it in English; in Chinese it stays in the text. */
      part?: DayPart;
    }
  /** Again and again in a way that is none of these: every two hours, each year. */
  | { status: "other" }
  | { status: "none" };

const EVERY_DAY = [0, 1, 2, 3, 4, 5, 6];
const WORK_DAYS = [1, 2, 3, 4, 5];
const WEEKEND = [6, 0];

const DAY = "(?:mon|tues|wednes|thurs|fri|satur|sun)day";
const DAY_LIST = `${DAY}s?(?:(?:\\s*,\\s*(?:and\\s+)?|\\s+and\\s+|\\s*&\\s*)(?:every\\s+|on\\s+)?${DAY}s?)*`;
const NAMES = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const NTH = "(?<nth>[12]?\\d|3[01])(?:st|nd|rd|th)?";
const CHINESE_DAYS = "日一二三四五六";
const CHINESE_LIST =
  "[一二三四五六日天](?:[、,，和及与]?(?:每?(?:周|星期|礼拜))?[一二三四五六日天])*";

interface Form {
  words: RegExp;
  read(groups: Record<string, string | undefined>): RepeatDays | "week" | "month";
  /** What stays of the words, for the time of day. */
  leaves?(groups: Record<string, string | undefined>): string;
}

const PARTS: readonly DayPart[] = ["morning", "afternoon", "evening", "night"];

const daily = () => ({ weekdays: EVERY_DAY });

const FORMS: readonly Form[] = [
  {
    words: /\b(?:every|each)\s+(?:single\s+)?(?<part>morning|afternoon|evening|night)\b/i,
    read: daily,
  },
  {
    words:
      /\b(?:every|each)\s+(?:working\s+day|work\s?day|weekday)s?\b|\bon\s+(?:weekdays|work(?:ing\s+)?days)\b/i,
    read: () => ({ weekdays: WORK_DAYS }),
  },
  {
    words: /\b(?:every|each)\s+weekends?\b|\bon\s+weekends\b/i,
    read: () => ({ weekdays: WEEKEND }),
  },
  { words: /\b(?:every|each)\s+(?:single\s+)?day\b|\bdaily\b/i, read: daily },
  {
    words: new RegExp(
      `\\b(?:(?:every|each|weekly\\s+on|every\\s+week\\s+on)\\s+|on\\s+(?=${DAY}s\\b))(?<list>${DAY_LIST})\\b`,
      "i",
    ),
    read: ({ list = "" }) => ({
      weekdays: [...list.toLowerCase().matchAll(new RegExp(DAY, "g"))].map(([name]) =>
        NAMES.indexOf(name.slice(0, 3)),
      ),
    }),
  },
  {
    words: new RegExp(
      `\\b(?:(?:every|each)\\s+month|monthly)\\s+on\\s+(?:the\\s+|day\\s+)?${NTH}\\b|\\bon\\s+the\\s+(?<day>[12]?\\d|3[01])(?:st|nd|rd|th)\\s+of\\s+(?:every|each)\\s+month\\b`,
      "i",
    ),
    read: ({ nth, day }) => ({ weekdays: [], monthDay: Number(nth ?? day) }),
  },
  { words: /\b(?:every|each)\s+week\b|\bweekly\b/i, read: () => "week" },
  { words: /\b(?:every|each)\s+month\b|\bmonthly\b/i, read: () => "month" },
  { words: /每个?工作日|工作日每天/u, read: () => ({ weekdays: WORK_DAYS }) },
  { words: /每个?周末|周末每天/u, read: () => ({ weekdays: WEEKEND }) },
  {
    words: /每个?月的?(?<nth>[12]?\d|3[01])[号日]/u,
    read: ({ nth }) => ({ weekdays: [], monthDay: Number(nth) }),
  },
  {
    words: new RegExp(`每个?(?:周|星期|礼拜)的?(?<list>${CHINESE_LIST})`, "u"),
    read: ({ list = "" }) => ({
      weekdays: [...list.replaceAll("天", "日")]
        .map((char) => CHINESE_DAYS.indexOf(char))
        .filter((day) => day >= 0),
    }),
  },
  { words: /每天|每日|天天/u, read: daily },
  { words: /每(?<part>早|晚)(?:上)?/u, read: daily, leaves: ({ part }) => `${part}上` },
];

/** Ways to come again that are said, and not done here. */
const OTHER =
  /\b(?:every|each)\s+(?:\d+|one|two|three|four|five|six|other|second|few|minute|hour|quarter|year)\b|\b(?:hourly|yearly|annually|fortnightly|biweekly)\b|每(?:隔|小时|分钟|个小时|年|季度|两|\d|几|半)/i;

/** Only so much of a text is looked at. */
const MAX_UNITS = 1_000;

export function findRepeat(text: string): FoundRepeat {
  const looked = text.slice(0, MAX_UNITS);
  if (OTHER.test(looked)) return { status: "other" };
  for (const { words, read, leaves } of FORMS) {
    const match = words.exec(looked);
    if (!match) continue;
    const groups = match.groups ?? {};
    const before = text.slice(0, match.index);
    const after = text.slice(match.index + match[0].length);
    const part = PARTS.find((name) => name === groups.part?.toLowerCase());
    const rest = before + (leaves?.(groups) ?? "") + after;
    return { status: "found", days: read(groups), rest, ...(part ? { part } : {}) };
  }
  return { status: "none" };
}
