/**
 * Who reads a conversation while it goes on. Each reader first gets what it missed and then everything live, in order;
 * one that does not keep up is let go and comes back with the last position it has.
 */
import type { TurnId } from "../core/ids.ts";
import type { ChatMessage } from "../core/message.ts";
import type { StreamEvent } from "../core/stream.ts";

/** Readers of one conversation: browser tabs, mostly. */
export const MAX_READERS = 32;
/** Bytes that may wait for a slow reader. */
export const MAX_WAITING_BYTES = 1024 * 1024;
/** A comment line this often keeps proxies from closing a quiet stream. */
const HEARTBEAT_MS = 15_000;
/** Callers that wait for the end of one turn; one more is told at once that it goes on. */
export const MAX_WAITERS = 100;

interface Reader {
  controller: ReadableByteStreamController;
  /** Live events that wait until the backlog is out; undefined from then on. */
  held: StreamEvent[] | undefined;
  seq: number;
  /** Set for a reader of one turn: others do not concern it, and its end is the stream's. */
  turnId: TurnId | undefined;
  heartbeat: ReturnType<typeof setInterval> | undefined;
}

const encoder = new TextEncoder();

function concerns(reader: Reader, event: StreamEvent): boolean {
  if (reader.turnId === undefined) return true;
  if (event.type === "message") return event.message.id.startsWith(reader.turnId);
  return event.type === "ready" || event.turnId === reader.turnId;
}

export class Readers {
  readonly #readers = new Set<Reader>();
  /** Those who wait for nothing but the end of a turn. */
  readonly #waiters = new Map<TurnId, Set<(isOver: boolean) => void>>();

  /** When `leaving` settles, those whose stream has no end are let go. */
  constructor(leaving: Promise<void>) {
    void leaving.then(() => this.letGo());
  }

  /** They are to come back: to the next process, or to the object that the conversation has moved to. */
  letGo(): void {
    for (const reader of this.#readers) if (reader.turnId === undefined) this.#close(reader);
  }

  /**
   * A stream of server-sent events. `backlog` loads what comes first, `live` states the running turn at the moment the
   * reader joins: what happens after that moment is held back until the backlog is out. `afterSeq` is the last message
   * that the reader has.
   */
  open(
    backlog: () => Promise<ChatMessage[]>,
    live: StreamEvent | undefined,
    { afterSeq = 0, turnId }: { afterSeq?: number; turnId?: TurnId } = {},
  ): ReadableStream<Uint8Array> {
    const oldest =
      this.#readers.size >= MAX_READERS ? this.#readers.values().next().value : undefined;
    if (oldest) this.#close(oldest);
    let reader: Reader | undefined;
    return new ReadableStream({
      type: "bytes",
      start: (controller: ReadableByteStreamController) => {
        const joined: Reader = {
          controller,
          held: live ? [live] : [],
          seq: afterSeq,
          turnId,
          heartbeat: undefined,
        };
        joined.heartbeat = setInterval(() => this.#write(joined, ": \n\n"), HEARTBEAT_MS);
        this.#readers.add(joined);
        reader = joined;
        return this.#catchUp(joined, backlog);
      },
      cancel: () => {
        if (reader) this.#forget(reader);
      },
    });
  }

  async #catchUp(reader: Reader, backlog: () => Promise<ChatMessage[]>): Promise<void> {
    try {
      for (const message of await backlog()) this.#send(reader, { type: "message", message });
    } catch (error) {
      this.#forget(reader);
      throw error;
    }
    this.#send(reader, { type: "ready", seq: reader.seq });
    const held = reader.held ?? [];
    reader.held = undefined;
    for (const event of held) this.#send(reader, event);
  }

  /** True while somebody reads along, or waits for an answer. */
  get isWatched(): boolean {
    return this.#readers.size > 0 || this.#waiters.size > 0;
  }

  broadcast(event: StreamEvent): void {
    for (const reader of this.#readers) {
      if (reader.held) reader.held.push(event);
      else this.#send(reader, event);
    }
  }

  /** A turn is over, with what was said last. */
  end(turnId: TurnId, message: ChatMessage | undefined): void {
    if (message) this.broadcast({ type: "message", message });
    this.broadcast({ type: "end", turnId });
    for (const wake of this.#waiters.get(turnId) ?? []) wake(true);
  }

  /** True at the end of the turn; false when the time is over first. */
  async waitForEnd(turnId: TurnId, timeoutMs: number): Promise<boolean> {
    const waiters = this.#waiters.get(turnId) ?? new Set();
    if (waiters.size >= MAX_WAITERS) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#waiters.set(turnId, waiters.add(resolve));
    const timer = setTimeout(() => resolve(false), timeoutMs);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      waiters.delete(resolve);
      if (waiters.size === 0) this.#waiters.delete(turnId);
    }
  }

  #send(reader: Reader, event: StreamEvent): void {
    if (!concerns(reader, event)) return;
    if (event.type === "message") {
      if (event.message.seq <= reader.seq) return; // came with the backlog
      reader.seq = event.message.seq;
    }
    this.#write(reader, `id: ${reader.seq}\ndata: ${JSON.stringify(event)}\n\n`);
    if (reader.turnId !== undefined && event.type === "end") this.#close(reader);
  }

  #write(reader: Reader, text: string): void {
    const room = reader.controller.desiredSize;
    if (room === null || room < -MAX_WAITING_BYTES) {
      this.#close(reader);
      return;
    }
    try {
      reader.controller.enqueue(encoder.encode(text));
    } catch {
      this.#forget(reader); // the other side has gone
    }
  }

  #close(reader: Reader): void {
    this.#forget(reader);
    try {
      reader.controller.close();
    } catch {
      // closed from the other side already
    }
  }

  #forget(reader: Reader): void {
    if (reader.heartbeat !== undefined) clearInterval(reader.heartbeat);
    this.#readers.delete(reader);
  }
}
