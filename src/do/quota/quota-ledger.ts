/** The one ledger of this isolate, which all objects and routes share. Values only. */
import type { Env } from "../../env.ts";
import { createDayClock, dayAt } from "../../limits/day.ts";
import { Ledger, type SpentRow } from "../../limits/ledger.ts";
import { openOptions } from "../isolate.ts";

/** A writer that was not heard of for so long is woken again. */
const WAKE_AGAIN_MS = 60_000;

let shared: Ledger | undefined;
let isFilled = false;
let wokenAtMs: number | undefined;

export function openLedger(env: Env): Ledger {
  shared ??= new Ledger(createDayClock(openOptions(env).ROCKPOOL_TIME_ZONE));
  return shared;
}

export function nameOfToday(env: Env): string {
  return dayAt(Date.now(), openOptions(env).ROCKPOOL_TIME_ZONE).name;
}

export function isLedgerFilled(): boolean {
  return isFilled;
}

/** Counts what was written before this process began. Several may have asked for it at once: the first answer counts. */
export function fillLedger(env: Env, rows: readonly SpentRow[]): void {
  if (!isFilled) openLedger(env).load(rows, Date.now());
  isFilled = true;
}

/** True where the writer must be woken: once until it has written. */
export function takeWake(nowMs: number): boolean {
  const isAwake =
    wokenAtMs !== undefined && nowMs >= wokenAtMs && nowMs < wokenAtMs + WAKE_AGAIN_MS;
  if (!isAwake) wokenAtMs = nowMs;
  return !isAwake;
}

/** The writer begins, or could not be woken: what is counted from now on needs it again. */
export function noteWriting(): void {
  wokenAtMs = undefined;
}
