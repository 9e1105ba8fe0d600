/** When something is to expire, as people type it. Pure. */
import { MAX_CACHE_ANSWERS_MS, MIN_CACHE_ANSWERS_MS } from "../src/core/api-keys.ts";
import { usageError } from "./host-error.ts";

const UNIT_MS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/** `12h`, `90d`, `8w`, or a day, which counts from its beginning in UTC. Throws a usage error. */
export function parseExpiry(text: string, nowMs: number): number {
  const atMs = spanMs(text, nowMs) ?? dayMs(text);
  if (atMs === undefined || !Number.isSafeInteger(atMs))
    throw usageError(
      "The time of expiry cannot be read.",
      "Write a time from now (12h, 90d, 8w) or a day (2027-01-31).",
    );
  if (atMs <= nowMs)
    throw usageError("The time of expiry has passed already.", "Choose a later one.");
  return atMs;
}

const KEEPING_UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** `30s`, `10m`, `1h`: how long an answer is kept. Throws a usage error. */
export function parseKeepingTime(text: string): number {
  const [, number = "", unit = ""] = /^(\d{1,5})([smh])$/.exec(text) ?? [];
  const timeMs = Number(number) * (KEEPING_UNIT_MS[unit] ?? Number.NaN);
  if (timeMs >= MIN_CACHE_ANSWERS_MS && timeMs <= MAX_CACHE_ANSWERS_MS) return timeMs;
  throw usageError(
    "The time for which answers are kept cannot be read.",
    "Write it as 30s, 10m or 1h; 24h at most.",
  );
}

function spanMs(text: string, nowMs: number): number | undefined {
  const [, number = "", unit = ""] = /^(\d{1,5})([hdw])$/.exec(text) ?? [];
  const unitMs = UNIT_MS[unit];
  return unitMs === undefined ? undefined : nowMs + Number(number) * unitMs;
}

function dayMs(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const atMs = Date.parse(`${text}T00:00:00Z`);
  // A day that no calendar has is read as another one, or as none.
  return Number.isNaN(atMs) || !new Date(atMs).toISOString().startsWith(text) ? undefined : atMs;
}
