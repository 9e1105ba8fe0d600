/** When backups are made and which of them stay, as options say it. Pure. */

export interface KeepRule {
  daily: number;
  weekly: number;
  monthly: number;
}

export const MAX_KEPT = 1_000;

const FORM = /^(\d{1,4})d,(\d{1,4})w,(\d{1,4})m$/;

/** `7d,4w,6m`. Throws an Error that says what is expected. */
export function parseKeepRule(text: string): KeepRule {
  const [daily, weekly, monthly] = (FORM.exec(text.replaceAll(" ", "")) ?? []).slice(1).map(Number);
  const numbers = [daily, weekly, monthly];
  if (daily === undefined || weekly === undefined || monthly === undefined || daily < 1)
    throw new Error("days, weeks and months are expected, as in 7d,4w,6m, with at least one day");
  if (numbers.some((number) => (number ?? 0) > MAX_KEPT))
    throw new Error(`no number above ${MAX_KEPT} is expected`);
  return { daily, weekly, monthly };
}

export const NEVER = "off";

/** `03:30`, or `off`. Throws an Error that says what is expected. */
export function parseTimeOfDay(text: string): string {
  if (text === NEVER || /^([01]\d|2[0-3]):[0-5]\d$/.test(text)) return text;
  throw new Error("a time of the day such as 03:30, or off, is expected");
}
