/** How a place in line is said: which phrase, and what stands in it. The server and the page both say it. Pure. */
import type { QueuePlace } from "./stream.ts";

export interface PlaceWords {
  name: "placeInLine" | "placeSeconds" | "placeMinutes";
  values: { position: number; count: number };
}

const MINUTE_MS = 60_000;
/** From here on it is said in minutes. */
const LONG_MS = 90_000;
const SECONDS_STEP_MS = 5_000;

/** Rounded up: what comes earlier than said is a pleasure. */
export function describePlace({ position, etaMs }: QueuePlace): PlaceWords {
  if (etaMs === undefined) return { name: "placeInLine", values: { position, count: 0 } };
  if (etaMs > LONG_MS)
    return { name: "placeMinutes", values: { position, count: Math.ceil(etaMs / MINUTE_MS) } };
  const steps = Math.max(1, Math.ceil(etaMs / SECONDS_STEP_MS));
  return { name: "placeSeconds", values: { position, count: (steps * SECONDS_STEP_MS) / 1_000 } };
}
