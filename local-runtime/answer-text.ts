/** The words of one answer in the order they come, each once, from the events of its conversation. Pure but for its memory. */
import type { StreamEvent } from "../src/core/stream.ts";

export interface AnswerText {
  /** What is to be written now. */
  take(event: StreamEvent): string;
}

/** Deltas say where they start and messages come whole: what was written already is not written again. */
export function createAnswerText(): AnswerText {
  let written = "";
  const takeWhole = (text: string): string => {
    if (text.startsWith(written)) return append(text.slice(written.length));
    // The final text is another one (the answer was replaced): it stands on a line of its own.
    const separator = written === "" ? "" : "\n";
    written = text;
    return separator + text;
  };
  const append = (text: string): string => {
    written += text;
    return text;
  };
  return {
    take(event) {
      switch (event.type) {
        case "turn":
          return event.text.startsWith(written) ? takeWhole(event.text) : "";
        case "delta":
          return append(event.text.slice(Math.max(0, written.length - event.offset)));
        case "message":
          return event.message.role === "assistant" ? takeWhole(event.message.text) : "";
        default:
          return "";
      }
    },
  };
}
