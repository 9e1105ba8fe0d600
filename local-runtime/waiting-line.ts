/** What `rockpool say` tells of the line for the model, once for each place. Pure but for its memory. */
import { describePlace } from "../src/core/place-words.ts";
import type { QueuePlace, StreamEvent } from "../src/core/stream.ts";

export interface WaitingLine {
  /** A line to be shown beside the answer; empty where there is nothing new to say. */
  take(event: StreamEvent): string;
}

function render(place: QueuePlace): string {
  const { name, values } = describePlace(place);
  const unit = name === "placeMinutes" ? "minutes" : "seconds";
  const time = name === "placeInLine" ? "" : `, about ${values.count} ${unit}`;
  return `(number ${values.position} in line for the model${time})\n`;
}

export function createWaitingLine(): WaitingLine {
  let shown: number | undefined;
  return {
    take(event) {
      const place = event.type === "turn" ? event.place : undefined;
      if (!place || place.position === shown) return "";
      shown = place.position;
      return render(place);
    },
  };
}
