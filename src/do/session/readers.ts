/** What a session tells those who read it, and those who wait for nothing but the end of a turn. */
import type { SessionKey, TurnId } from "../../core/ids.ts";
import type { ChatMessage } from "../../core/message.ts";
import type { StreamEvent } from "../../core/stream.ts";
import { hasAudience, letGoAudience, tellAudience } from "./audience.ts";

/** Callers that wait for the end of one turn; one more is told at once that it goes on. */
export const MAX_WAITERS = 100;

export class Readers {
  readonly #session: SessionKey;
  readonly #waiters = new Map<TurnId, Set<(isOver: boolean) => void>>();

  constructor(session: SessionKey) {
    this.#session = session;
  }

  /** True while somebody reads along, or waits for an answer. */
  get isWatched(): boolean {
    return hasAudience(this.#session) || this.#waiters.size > 0;
  }

  broadcast(event: StreamEvent): void {
    tellAudience(this.#session, event);
  }

  /** A turn is over, with what was said last. */
  end(turnId: TurnId, message: ChatMessage | undefined): void {
    if (message) this.broadcast({ type: "message", message });
    this.broadcast({ type: "end", turnId });
    for (const wake of this.#waiters.get(turnId) ?? []) wake(true);
  }

  /** The conversation goes on elsewhere. */
  letGo(): void {
    letGoAudience(this.#session);
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
}
