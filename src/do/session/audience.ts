/**
 * Who reads conversations while they go on, in this process: session objects write events in, requests read them out.
 * It belongs to the isolate: a stream that an object holds costs several times the memory, and keeps the object awake.
 */
import type { SessionKey } from "../../core/ids.ts";
import type { StreamEvent } from "../../core/stream.ts";

/** Readers of one conversation: browser tabs, mostly. */
export const MAX_READERS = 32;
/** UTF-16 units that may wait for a slow reader. */
export const MAX_WAITING_UNITS = 1024 * 1024;

export interface ReaderEvent {
  event: StreamEvent;
  /** The event as JSON, written once for all who read it. */
  json: string;
}

const audiences = new Map<SessionKey, Set<Reader>>();
let isLeaving = false;

export class Reader {
  /** True for a reader of one turn: that ends by itself. */
  endsByItself = false;
  /** The signed-in device that reads along, where it is one. */
  deviceId: string | undefined;
  readonly #session: SessionKey;
  #events: ReaderEvent[] = [];
  #units = 0;
  #isOver = false;
  #wake: (() => void) | undefined;

  constructor(session: SessionKey) {
    this.#session = session;
  }

  push(event: ReaderEvent): void {
    if (this.#isOver) return;
    this.#events.push(event);
    this.#units += event.json.length;
    // One that does not keep up comes back with the last position it has.
    if (this.#units > MAX_WAITING_UNITS) this.leave();
    this.wake();
  }

  /** Ends a wait of {@link take} without an event. */
  wake(): void {
    this.#wake?.();
  }

  /** What has happened since the last call, waiting for something to happen; undefined when the reader was let go. */
  async take(): Promise<ReaderEvent[] | undefined> {
    if (this.#events.length === 0 && !this.#isOver)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    this.#wake = undefined;
    if (this.#events.length === 0 && this.#isOver) return undefined;
    this.#units = 0;
    return this.#events.splice(0);
  }

  /** No event comes any more; what waits is still given out. */
  leave(): void {
    this.#isOver = true;
    this.wake();
    const audience = audiences.get(this.#session);
    audience?.delete(this);
    if (audience?.size === 0) audiences.delete(this.#session);
  }
}

/** A reader of what happens from now on. The oldest is let go where a conversation has too many. */
export function joinAudience(session: SessionKey): Reader {
  const audience = audiences.get(session) ?? new Set();
  const reader = new Reader(session);
  audiences.set(session, audience.add(reader));
  const [oldest] = audience;
  if (audience.size > MAX_READERS) oldest?.leave();
  return reader;
}

export function tellAudience(session: SessionKey, event: StreamEvent): void {
  const audience = audiences.get(session);
  if (!audience) return;
  const told = { event, json: JSON.stringify(event) };
  for (const reader of audience) reader.push(told);
}

export function hasAudience(session: SessionKey): boolean {
  return audiences.has(session);
}

/** They are to come back, to where the conversation is now. */
export function letGoAudience(session: SessionKey): void {
  for (const reader of audiences.get(session) ?? []) if (!reader.endsByItself) reader.leave();
}

/** These devices are signed in no more. */
export function letGoDevices(deviceIds: readonly string[]): void {
  for (const audience of audiences.values())
    for (const reader of audience)
      if (reader.deviceId !== undefined && deviceIds.includes(reader.deviceId)) reader.leave();
}

/** The process is about to end: nobody is to wait for those who read on and on. */
export function letGoEverybody(): void {
  isLeaving = true;
  for (const session of audiences.keys()) letGoAudience(session);
}

/** True when readers that come now are to be let go as soon as they are up to date. */
export function isProcessLeaving(): boolean {
  return isLeaving;
}
