/** Times as people read them. Pure. */
import type { Language } from "../phrases.ts";

const DAY_MS = 24 * 3_600_000;
const LOCALES: Record<Language, string> = { en: "en-GB", zh: "zh-CN" };

export function renderTime(atMs: number, language: Language): string {
  return new Date(atMs).toLocaleTimeString(LOCALES[language], {
    hour: "2-digit",
    minute: "2-digit",
  });
}

export function renderMoment(atMs: number, language: Language): string {
  return new Date(atMs).toLocaleString(LOCALES[language], {
    dateStyle: "full",
    timeStyle: "short",
  });
}

/** The phrase for a day that has one. */
export function nameDay(atMs: number, nowMs: number): "today" | "yesterday" | undefined {
  const day = new Date(atMs).toDateString();
  if (day === new Date(nowMs).toDateString()) return "today";
  return day === new Date(nowMs - DAY_MS).toDateString() ? "yesterday" : undefined;
}

export function renderDay(atMs: number, nowMs: number, language: Language): string {
  const sameYear = new Date(atMs).getFullYear() === new Date(nowMs).getFullYear();
  return new Date(atMs).toLocaleDateString(LOCALES[language], {
    weekday: "long",
    day: "numeric",
    month: "long",
    ...(sameYear ? {} : { year: "numeric" }),
  });
}

export function renderSize(sizeBytes: number): string {
  if (sizeBytes < 1024) return `${sizeBytes} B`;
  const kilobytes = sizeBytes / 1024;
  if (kilobytes < 1024) return `${Math.round(kilobytes)} kB`;
  return `${(kilobytes / 1024).toFixed(1)} MB`;
}
