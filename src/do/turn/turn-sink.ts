/** What goes on in the running turn, kept for readers who join and told to those who are there. */
import type { TurnSink } from "../../turn/ask-model.ts";
import { liveEvent } from "../session/live-event.ts";
import type { RunningTurn, SessionParts } from "../session/session-parts.ts";

export function createTurnSink(parts: SessionParts, running: RunningTurn): TurnSink {
  return {
    state(state, place) {
      const wasInLine = running.place !== undefined;
      Object.assign(running, { state, place });
      if (wasInLine || place) parts.readers.broadcast(liveEvent(running));
    },
    text(delta) {
      const offset = running.text.length;
      running.text += delta;
      parts.readers.broadcast({ type: "delta", turnId: running.turnId, offset, text: delta });
    },
  };
}
