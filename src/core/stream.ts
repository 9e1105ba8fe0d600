/**
 * What a reader of a conversation is told while it goes on (web chat, `rockpool say`, webhook by SSE). Pure types.
 * A reader that reconnects with the last `seq` it has gets every later message, then the running turn's text so far:
 * no token is lost and none is shown twice, because a delta states where it starts.
 */
import type { ChatMessage } from "./message.ts";

export type StreamEvent =
  /** Everything earlier was sent; what follows is live. */
  | { type: "ready"; seq: number }
  | { type: "message"; message: ChatMessage }
  /** A turn runs; `text` is what it said so far, `place` where it waits for the model server. */
  | { type: "turn"; turnId: string; text: string; state: TurnState; place?: QueuePlace }
  /** `offset` counts UTF-16 units from the start of the turn's text. */
  | { type: "delta"; turnId: string; offset: number; text: string }
  | { type: "end"; turnId: string };

/** Where a call stands in the line for a model server. */
export interface QueuePlace {
  /** 1 is the next. */
  position: number;
  /** Unknown until the server's first call was measured. */
  etaMs?: number;
}

export type TurnState = "thinking" | "answering" | "waiting";
