/** The running turn as a reader is told of it: one who joins now, or all when its state changes. */
import type { StreamEvent } from "../../core/stream.ts";
import type { RunningTurn } from "./session-parts.ts";

export function liveEvent({ turnId, text, state, place }: RunningTurn): StreamEvent {
  return { type: "turn", turnId, text, state, ...(place ? { place } : {}) };
}
