/** How often something comes, in words: every Monday and Friday at 09:00, 每周一、周五 09:00. */
import type { Repeat } from "../core/repeat.ts";
import type { Lang } from "./phrase.ts";

const WEEKDAYS: Record<Lang, readonly string[]> = {
  en: ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"],
  zh: ["周日", "周一", "周二", "周三", "周四", "周五", "周六"],
};
const ALL_DAYS = 7;

export function renderRepeat({ weekdays, monthDay, hour, minute }: Repeat, lang: Lang): string {
  const time = [hour, minute].map((part) => String(part).padStart(2, "0")).join(":");
  const names = weekdays.map((day) => WEEKDAYS[lang][day] ?? "");
  const isDaily = weekdays.length === ALL_DAYS;
  if (lang === "zh") {
    if (monthDay !== undefined) return `每月${monthDay}号 ${time}`;
    return isDaily ? `每天 ${time}` : `每${names.join("、")} ${time}`;
  }
  if (monthDay !== undefined) return `every month on day ${monthDay} at ${time}`;
  if (isDaily) return `every day at ${time}`;
  const [last = "", ...others] = names.toReversed();
  const list = others.length > 0 ? `${others.toReversed().join(", ")} and ${last}` : last;
  return `every ${list} at ${time}`;
}
