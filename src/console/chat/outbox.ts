/**
 * Sends what was written, one after the other and each under the id it got when it was written, until the server has
 * stored it. A message that is sent twice is stored once.
 */
import type { SendMessage } from "../../core/chat-protocol.ts";
import { sendMessage } from "../api.ts";
import { type ApiError, toApiError } from "../api-error.ts";
import { decideWaitMs, rest } from "../retry.ts";

export type SendState =
  | { status: "sending" }
  | { status: "sent" }
  /** Another try follows by itself. */
  | { status: "late"; error: ApiError }
  | { status: "failed"; error: ApiError };

export interface OutboxPorts {
  changed(id: string, state: SendState): void;
  signedOut(): void;
}

export interface Outbox {
  add(message: SendMessage): void;
  /** Ends a wait, if there is one. */
  hurry(): void;
  /** Takes a message out; one whose call is under way may arrive all the same. */
  remove(id: string): void;
  /** Goes on after signing in again. */
  resume(): void;
}

export function createOutbox(ports: OutboxPorts): Outbox {
  const queue: SendMessage[] = [];
  let pause = new AbortController();
  let isRunning = false;

  async function run(): Promise<void> {
    if (isRunning) return;
    isRunning = true;
    let failures = 0;
    for (let head = queue[0]; head; head = queue[0]) {
      pause = new AbortController();
      const error = await trySending(head);
      if (error?.isSignedOut) {
        ports.signedOut();
        break;
      }
      failures = error ? failures + 1 : 0;
      if (!error?.isTransient) settle(head, error);
      else await waitAfter(head, error, failures);
    }
    isRunning = false;
  }

  async function trySending(message: SendMessage): Promise<ApiError | undefined> {
    try {
      await sendMessage(message);
      return undefined;
    } catch (error) {
      return toApiError(error);
    }
  }

  function settle(message: SendMessage, error: ApiError | undefined): void {
    const at = queue.indexOf(message);
    if (at < 0) return; // discarded meanwhile
    queue.splice(at, 1);
    ports.changed(message.id, error ? { status: "failed", error } : { status: "sent" });
  }

  async function waitAfter(message: SendMessage, error: ApiError, failures: number): Promise<void> {
    if (queue.includes(message)) ports.changed(message.id, { status: "late", error });
    await rest(decideWaitMs(failures, Math.random(), error.retryAfterMs), pause.signal);
  }

  return {
    add(message) {
      queue.push(message);
      ports.changed(message.id, { status: "sending" });
      void run();
    },
    hurry: () => pause.abort(),
    remove(id) {
      const at = queue.findIndex((message) => message.id === id);
      if (at >= 0) queue.splice(at, 1);
      pause.abort();
    },
    resume: () => void run(),
  };
}
