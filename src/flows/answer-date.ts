/** Days as people write them, in English and Chinese. What could be two days (03/04/2026) is none. Pure. */
import { foldText } from "./fold-text.ts";

const DAY_MS = 24 * 3_600_000;
const MIN_YEAR = 1900;
const MAX_YEAR = 2200;

const NEAR_DAYS: Readonly<Record<string, number>> = {
  today: 0,
  今天: 0,
  今日: 0,
  tomorrow: 1,
  明天: 1,
  明日: 1,
  "day after tomorrow": 2,
  "the day after tomorrow": 2,
  后天: 2,
  後天: 2,
};

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const MONTH =
  "(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\\.?";
const DAY = "(\\d{1,2})(?:st|nd|rd|th)?";

/** Each names what it captures. A form without a year means the next such day. */
const FORMS: readonly { form: RegExp; order: readonly ("year" | "month" | "day")[] }[] = [
  { form: /^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})$/, order: ["year", "month", "day"] },
  { form: /^(\d{4}) ?年 ?(\d{1,2}) ?月 ?(\d{1,2}) ?[日号號]?$/, order: ["year", "month", "day"] },
  { form: /^(\d{1,2}) ?月 ?(\d{1,2}) ?[日号號]?$/, order: ["month", "day"] },
  { form: /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/, order: ["day", "month", "year"] },
  {
    form: new RegExp(`^${DAY} (?:of )?${MONTH}(?:,? (\\d{4}))?$`),
    order: ["day", "month", "year"],
  },
  { form: new RegExp(`^${MONTH} ${DAY}(?:,? (\\d{4}))?$`), order: ["month", "day", "year"] },
];

/** As `2026-11-21`; undefined for what is no day, or not one from `today` on where that is asked for. */
export function parseDate(text: string, today: string, isFuture: boolean): string | undefined {
  const word = foldText(text);
  const near = Object.hasOwn(NEAR_DAYS, word) ? NEAR_DAYS[word] : undefined;
  const day = near === undefined ? parseForms(word, today) : addDays(today, near);
  return day !== undefined && isFuture && day < today ? undefined : day;
}

function parseForms(word: string, today: string): string | undefined {
  for (const { form, order } of FORMS) {
    const found = form.exec(word);
    // The separator of the first form is no part of the day.
    const parts = found?.slice(1).filter((part) => !/^[-/.]$/.test(part ?? ""));
    if (!parts) continue;
    const of = (name: "year" | "month" | "day") => parts[order.indexOf(name)];
    return dayFrom(of("year"), of("month") ?? "", of("day") ?? "", today);
  }
  return undefined;
}

function dayFrom(
  year: string | undefined,
  month: string,
  day: string,
  today: string,
): string | undefined {
  const named = MONTHS.indexOf(month.slice(0, 3)) + 1;
  const at = (inYear: number) => toDay(inYear, named || Number(month), Number(day));
  if (year !== undefined) return at(Number(year));
  const thisYear = Number(today.slice(0, 4));
  const soon = at(thisYear);
  return soon !== undefined && soon >= today ? soon : at(thisYear + 1);
}

/** Undefined for a day that no calendar has. */
function toDay(year: number, month: number, day: number): string | undefined {
  if (year < MIN_YEAR || year > MAX_YEAR) return undefined;
  const date = new Date(Date.UTC(year, month - 1, day));
  const isReal = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return isReal ? date.toISOString().slice(0, 10) : undefined;
}

function addDays(day: string, count: number): string {
  return new Date(Date.parse(day) + count * DAY_MS).toISOString().slice(0, 10);
}
