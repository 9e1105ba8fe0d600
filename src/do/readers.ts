/**
 * Who reads a conversation while it goes on. Each reader first gets what it missed and then everything live, in order;
 * one that does not keep up is let go and comes back with the last position it has.
 */
import type { ChatMessage } from "../core/message.ts";
import type { StreamEvent } from "../core/stream.ts";

/** Readers of one conversation: browser tabs, mostly. */
export const MAX_READERS = 32;
/** Bytes that may wait for a slow reader. */
const MAX_WAITING_BYTES = 1024 * 1024;
/** A comment line this often keeps proxies from closing a quiet stream. */
const HEARTBEAT_MS = 15_000;

interface Reader {
  controller: ReadableStreamDefaultController<Uint8Array>;
  /** Live events that wait until the backlog is out; undefined from then on. */
  held: StreamEvent[] | undefined;
  seq: number;
  heartbeat: ReturnType<typeof setInterval>;
}

const encoder = new TextEncoder();

export class Readers {
  readonly #readers = new Set<Reader>();

  get size(): number {
    return this.#readers.size;
  }

  /**
   * A stream of server-sent events. `backlog` loads what comes first, `live` states the running turn at the moment the
   * reader joins: what happens after that moment is held back until the backlog is out.
   */
  open(
    backlog: () => Promise<ChatMessage[]>,
    live: StreamEvent | undefined,
  ): ReadableStream<Uint8Array> {
    const oldest =
      this.#readers.size >= MAX_READERS ? this.#readers.values().next().value : undefined;
    if (oldest) this.#close(oldest);
    let reader: Reader | undefined;
    return new ReadableStream<Uint8Array>({
      start: async (controller) => {
        const heartbeat = setInterval(() => reader && this.#write(reader, ": \n\n"), HEARTBEAT_MS);
        reader = { controller, held: live ? [live] : [], seq: 0, heartbeat };
        this.#readers.add(reader);
        const joined = reader;
        for (const message of await backlog()) this.#send(joined, { type: "message", message });
        this.#send(joined, { type: "ready", seq: joined.seq });
        const held = joined.held ?? [];
        joined.held = undefined;
        for (const event of held) this.#send(joined, event);
      },
      cancel: () => {
        if (reader) this.#forget(reader);
      },
    });
  }

  broadcast(event: StreamEvent): void {
    for (const reader of this.#readers) {
      if (reader.held) reader.held.push(event);
      else this.#send(reader, event);
    }
  }

  #send(reader: Reader, event: StreamEvent): void {
    if (event.type === "message") {
      if (event.message.seq <= reader.seq) return; // came with the backlog
      reader.seq = event.message.seq;
    }
    this.#write(reader, `id: ${reader.seq}\ndata: ${JSON.stringify(event)}\n\n`);
  }

  #write(reader: Reader, text: string): void {
    const bytes = encoder.encode(text);
    const room = reader.controller.desiredSize;
    if (room === null || room < -MAX_WAITING_BYTES) return this.#close(reader);
    try {
      reader.controller.enqueue(bytes);
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
    clearInterval(reader.heartbeat);
    this.#readers.delete(reader);
  }
}
