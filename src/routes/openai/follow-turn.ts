/** The stream of one turn, as a session's readers get it, into the pieces of an answer. */
import { AppError } from "../../core/errors.ts";
import type { ChatMessage } from "../../core/message.ts";
import type { StreamEvent } from "../../core/stream.ts";
import type { AnswerPiece } from "./answer.ts";

/** Longer than any model call; a message that waits for its model server may take a day. */
export const FOLLOW_MS = 11 * 60_000;

/** Events of a stream that do/session/event-stream.ts writes: complete ones, until it ends. */
async function* readEvents(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): AsyncGenerator<StreamEvent, void> {
  const decoder = new TextDecoder();
  let pending = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    pending += decoder.decode(value, { stream: true });
    const blocks = pending.split("\n\n");
    pending = blocks.pop() ?? "";
    for (const block of blocks) {
      const at = block.indexOf("data: ");
      if (at >= 0) yield JSON.parse(block.slice(at + "data: ".length)) as StreamEvent; // of our own making
    }
  }
}

/** What the turn has said, and what of it was passed on. */
class TurnText {
  #sent = "";
  #last: ChatMessage | undefined;

  /** The part of `text`, which stands at `offset`, that is new. */
  take(offset: number, text: string): string {
    const fresh = offset > this.#sent.length ? "" : text.slice(this.#sent.length - offset);
    this.#sent += fresh;
    return fresh;
  }

  note(message: ChatMessage): void {
    if (message.role === "assistant") this.#last = message;
  }

  /** What the stored answer says beyond that. Throws session/turn_failed where it is none. */
  rest(): string {
    if (this.#last?.cut === "error") throw new AppError("session/turn_failed");
    const text = this.#last?.text ?? "";
    return text.startsWith(this.#sent) ? text.slice(this.#sent.length) : "";
  }
}

function read(event: StreamEvent, turn: TurnText): string {
  switch (event.type) {
    case "message":
      turn.note(event.message);
      return "";
    case "turn":
      // In line for the model server it has a place; without one the server cannot answer for now.
      if (event.state === "waiting" && !event.place) throw new AppError("session/answer_pending");
      return turn.take(0, event.text);
    case "delta":
      return turn.take(event.offset, event.text);
    case "end":
      return turn.rest();
    default:
      return "";
  }
}

/** Throws session/answer_pending where the answer comes later, session/turn_failed, session/unavailable. */
export async function* followTurn(
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<AnswerPiece, void> {
  const reader = stream.getReader();
  const turn = new TurnText();
  let isLate = false;
  const leave = () => void reader.cancel().catch(() => undefined);
  const timer = setTimeout(() => {
    isLate = true;
    leave();
  }, FOLLOW_MS);
  signal.addEventListener("abort", leave, { once: true });
  try {
    for await (const event of readEvents(reader)) {
      const text = read(event, turn);
      if (text !== "") yield { kind: "text", text };
      if (event.type !== "end") continue;
      yield { kind: "done", reason: "stop" };
      return;
    }
    throw new AppError(isLate ? "session/answer_pending" : "session/unavailable");
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", leave);
    leave();
  }
}
