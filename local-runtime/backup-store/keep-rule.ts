/** Which snapshots stay: the newest of each of the last days, weeks and months that have one. Pure. */

import type { KeepRule } from "../../src/config/backup-rule.ts";

/** Days begin at 0:00 UTC, weeks on Monday. The newest snapshot of all always stays. */
export function decideKept<Item extends { atMs: number }>(
  snapshots: readonly Item[],
  rule: KeepRule,
): Set<Item> {
  const newestFirst = [...snapshots].sort((a, b) => b.atMs - a.atMs);
  const kept = new Set(newestFirst.slice(0, 1));
  keepPeriods(newestFirst, kept, rule.daily, dayOf);
  keepPeriods(newestFirst, kept, rule.weekly, weekOf);
  keepPeriods(newestFirst, kept, rule.monthly, monthOf);
  return kept;
}

function keepPeriods<Item extends { atMs: number }>(
  newestFirst: readonly Item[],
  kept: Set<Item>,
  periods: number,
  periodOf: (atMs: number) => number,
): void {
  const seen = new Set<number>();
  for (const item of newestFirst) {
    const period = periodOf(item.atMs);
    if (seen.has(period) || seen.size >= periods) continue;
    seen.add(period);
    kept.add(item);
  }
}

const DAY_MS = 86_400_000;
/** 1970-01-01 was a Thursday. */
const FIRST_MONDAY_DAYS = 4;

function dayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS);
}

function weekOf(atMs: number): number {
  return Math.floor((dayOf(atMs) - FIRST_MONDAY_DAYS) / 7);
}

function monthOf(atMs: number): number {
  const date = new Date(atMs);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}
