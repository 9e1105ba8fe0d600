/** Times as people say them in Chinese: 二十分钟后, 明天下午三点半, 下周一早上9点, 12月25日. Wall times in, wall times out. Pure. */

/** A time that stands in a text, and where. */
export interface FoundTime {
  /** Wall time as if it were UTC, in milliseconds. */
  wallMs: number;
  /** Set where the text names its own zone, such as UTC: the time is this instant on every clock. */
  instantMs?: number;
  start: number;
  end: number;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const DIGITS = "零一二三四五六七八九";

/** 二十五, 25, 两, 半 is none; undefined for what is no number below a thousand. */
function readNumber(text: string): number | undefined {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  const plain = text.replaceAll("两", "二").replaceAll("〇", "零");
  const match =
    /^(?:([一二三四五六七八九])百零?)?(?:([一二三四五六七八九])?(十))?([零一二三四五六七八九])?$/.exec(
      plain,
    );
  if (!match || plain === "") return undefined;
  const digit = (char: string | undefined, none: number) =>
    char === undefined ? none : DIGITS.indexOf(char);
  const [, hundreds, tens, ten, ones] = match;
  return digit(hundreds, 0) * 100 + (ten ? digit(tens, 1) * 10 : 0) + digit(ones, 0);
}

const NUMBER = "(?:\\d{1,4}|[零〇一二两三四五六七八九十百]{1,6})";

const UNITS: Readonly<Record<string, number>> = {
  秒: SECOND_MS,
  分: MINUTE_MS,
  小时: HOUR_MS,
  钟头: HOUR_MS,
  天: DAY_MS,
  周: 7 * DAY_MS,
  星期: 7 * DAY_MS,
  礼拜: 7 * DAY_MS,
};

const AFTER = new RegExp(
  `(再?过)?(?:(${NUMBER})\\s*(个半|个)?|(半)个?)\\s*(秒|分|小时|钟头|天|周|星期|礼拜)钟?(半)?(之后|以后|后)?`,
  "u",
);

function findAfter(text: string, nowMs: number): FoundTime | undefined {
  const match = AFTER.exec(text);
  if (!match) return undefined;
  const [whole, before, number, measure, half, unit = "", halfAfter, after] = match;
  if (before === undefined && after === undefined) return undefined;
  const count = half === undefined ? readNumber(number ?? "") : 0.5;
  if (count === undefined) return undefined;
  const halves = measure === "个半" || halfAfter !== undefined ? 0.5 : 0;
  const wallMs = nowMs + (count + halves) * (UNITS[unit] ?? 0);
  return { wallMs, start: match.index, end: match.index + whole.length };
}

const WEEKDAYS = "一二三四五六日";
const DATE = `(?<day>今[天日早晚]|明[天日早晚]|大?后天)|(?<week>下下|下|这|本)?(?:个)?(?:周|星期|礼拜)(?<weekday>[一二三四五六日天末])|(?:(?<year>\\d{4})[年/-])?(?<month>${NUMBER})[月/-](?<date>${NUMBER})[日号]?|(?<only>${NUMBER})[日号]`;
const PERIOD = "凌晨|早上|早晨|清晨|上午|中午|下午|傍晚|晚上|夜里|半夜";
const CLOCK = `(?<hour>${NUMBER})(?:点钟?整?(?:(?<half>半)|(?<quarter>[一三])刻|(?<minute>${NUMBER})分?)?|[:：](?<digits>\\d{2}))`;
const AT = new RegExp(`(?:(?:${DATE})\\s*的?\\s*)?(?<period>${PERIOD})?\\s*(?:${CLOCK})?`, "gu");

type Groups = Record<string, string | undefined>;

const DAY_OFFSETS: Readonly<Record<string, number>> = { 今: 0, 明: 1, 后: 2, 大: 3 };

function midnight(atMs: number): number {
  return Math.floor(atMs / DAY_MS) * DAY_MS;
}

/** Midnight of the day that is named; undefined where none is. NaN for a date that does not exist. */
function readDay(groups: Groups, nowMs: number): number | undefined {
  const today = midnight(nowMs);
  if (groups.day !== undefined) return today + (DAY_OFFSETS[groups.day.slice(0, 1)] ?? 0) * DAY_MS;
  if (groups.weekday !== undefined) return readWeekday(groups.week, groups.weekday, today);
  const date = readNumber(groups.date ?? groups.only ?? "");
  if (date === undefined) return undefined;
  const now = new Date(nowMs);
  const month = groups.month === undefined ? undefined : readNumber(groups.month);
  if (groups.month !== undefined && month === undefined) return Number.NaN;
  if (month === undefined) {
    const inMonth = (offset: number) =>
      dayOf(now.getUTCFullYear(), now.getUTCMonth() + offset, date);
    return inMonth(0) >= today ? inMonth(0) : inMonth(1);
  }
  const year = groups.year === undefined ? now.getUTCFullYear() : Number(groups.year);
  const day = dayOf(year, month - 1, date);
  return groups.year === undefined && day < today ? dayOf(year + 1, month - 1, date) : day;
}

function dayOf(year: number, month: number, date: number): number {
  const atMs = Date.UTC(year, month, date);
  return new Date(atMs).getUTCDate() === date ? atMs : Number.NaN;
}

/** Without 下 the next one, today included; 下周 is the week that begins next Monday. */
function readWeekday(week: string | undefined, name: string, today: number): number {
  const index = name === "天" ? 6 : name === "末" ? 5 : WEEKDAYS.indexOf(name);
  const monday = today - ((new Date(today).getUTCDay() + 6) % 7) * DAY_MS;
  const weeks = week === "下下" ? 2 : week === "下" ? 1 : 0;
  const day = monday + (weeks * 7 + index) * DAY_MS;
  return week === undefined && day < today ? day + 7 * DAY_MS : day;
}

/** Where only a part of the day is named. */
const PERIOD_HOURS: Readonly<Record<string, number>> = {
  凌晨: 5,
  早上: 8,
  早晨: 8,
  清晨: 7,
  上午: 9,
  中午: 12,
  下午: 15,
  傍晚: 18,
  晚上: 20,
  夜里: 22,
  半夜: 24,
};
/** Where only a day is named. */
const MORNING_HOUR = 9;

/** Hours since midnight, 24 for the end of the day; undefined for an hour that no clock has. */
function readHours(groups: Groups, period: string | undefined): number | undefined {
  if (groups.hour === undefined)
    return period === undefined ? MORNING_HOUR : (PERIOD_HOURS[period] ?? MORNING_HOUR);
  const hour = readNumber(groups.hour);
  const minute = readMinute(groups);
  if (hour === undefined || hour > 24 || minute === undefined || minute > 59) return undefined;
  return toDayHour(hour, period) + minute / 60;
}

function readMinute(groups: Groups): number | undefined {
  if (groups.half !== undefined) return 30;
  if (groups.quarter !== undefined) return groups.quarter === "一" ? 15 : 45;
  const given = groups.minute ?? groups.digits;
  return given === undefined ? 0 : readNumber(given);
}

function toDayHour(hour: number, period: string | undefined): number {
  const isEvening = period !== undefined && /下午|傍晚|晚上|夜里/.test(period);
  if (isEvening) return hour === 12 && period !== "下午" ? 24 : hour < 12 ? hour + 12 : hour;
  if (period === "中午") return hour < 10 ? hour + 12 : hour;
  if (period === "半夜" || period === "凌晨") return hour === 12 ? 0 : hour;
  return hour;
}

function periodOf(groups: Groups): string | undefined {
  if (groups.period !== undefined) return groups.period;
  const end = groups.day?.slice(1);
  return end === "晚" ? "晚上" : end === "早" ? "早上" : undefined;
}

function findAt(text: string, nowMs: number): FoundTime | undefined {
  for (const match of text.matchAll(AT)) {
    const groups: Groups = match.groups ?? {};
    const day = readDay(groups, nowMs);
    const period = periodOf(groups);
    if (day === undefined && groups.hour === undefined && period === undefined) continue;
    const hours = readHours(groups, period);
    if (hours === undefined || Number.isNaN(day)) return undefined;
    const wallMs = Math.round((day ?? midnight(nowMs)) + hours * HOUR_MS);
    const end = match.index + match[0].trimEnd().length;
    return { wallMs: nextOf(wallMs, nowMs, groups, period), start: match.index, end };
  }
  return undefined;
}

/**
 * A time without its day is the next one: 三点 said at noon is in the afternoon, 九点 said at ten is tonight. So is a
 * weekday without its week.
 */
function nextOf(
  wallMs: number,
  nowMs: number,
  { day, weekday, week, date, only }: Groups,
  period: string | undefined,
): number {
  if (wallMs > nowMs) return wallMs;
  if (weekday !== undefined) return week === undefined ? wallMs + 7 * DAY_MS : wallMs;
  if ((day ?? date ?? only) !== undefined) return wallMs;
  const evening = wallMs + 12 * HOUR_MS;
  const isMorning = wallMs - midnight(wallMs) < 12 * HOUR_MS;
  return period === undefined && isMorning && evening > nowMs ? evening : wallMs + DAY_MS;
}

/** `nowMs` is the wall time as if it were UTC. */
export function findChineseTime(text: string, nowMs: number): FoundTime | undefined {
  return findAfter(text, nowMs) ?? findAt(text, nowMs);
}
