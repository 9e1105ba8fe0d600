/**
 * Follows the conversation's stream for as long as the page is open: opens it at the last known position, notices when
 * it falls silent, and opens it again.
 */
import { CONVERSATION_HEADER } from "../../core/chat-protocol.ts";
import type { StreamEvent } from "../../core/stream.ts";
import { openStream } from "../api.ts";
import { toApiError } from "../api-error.ts";
import { decideWaitMs, rest } from "../retry.ts";
import { parseStreamEvent } from "../schemas.ts";
import { createEventParser } from "./event-parser.ts";

/** The server writes at least each 15 s: a stream that is silent for longer is dead. */
const SILENCE_MS = 40_000;

export interface FollowPorts {
  /** The seq of the last message, and the conversation it belongs to. */
  position(): { after: number | undefined; of: string | undefined };
  opened(conversation: string): void;
  received(event: StreamEvent): void;
  /** The stream is closed; it is opened again after a wait. */
  lost(): void;
  signedOut(): void;
}

export interface Follower {
  /** Opens the stream anew, at once. */
  reopen(): void;
  /** Ends a wait, if there is one: the network may be back. */
  hurry(): void;
  stop(): void;
}

export function follow(ports: FollowPorts): Follower {
  let isStopped = false;
  let current = new AbortController();
  let pause = new AbortController();

  async function run(): Promise<void> {
    let failures = 0;
    while (!isStopped) {
      current = new AbortController();
      pause = new AbortController();
      try {
        await readStream(ports, current, () => {
          failures = 0;
        });
      } catch (error) {
        if (toApiError(error).isSignedOut) return ports.signedOut();
      }
      if (isStopped) return;
      ports.lost();
      failures += 1;
      await rest(decideWaitMs(failures, Math.random()), pause.signal);
    }
  }

  void run();
  return {
    reopen() {
      pause.abort();
      current.abort();
    },
    hurry: () => pause.abort(),
    stop() {
      isStopped = true;
      current.abort();
      pause.abort();
    },
  };
}

/** Returns when the stream ends; throws when it breaks or falls silent. */
async function readStream(
  ports: FollowPorts,
  controller: AbortController,
  alive: () => void,
): Promise<void> {
  const { after, of } = ports.position();
  let silence = setTimeout(() => controller.abort(), SILENCE_MS);
  try {
    const response = await openStream(after, of, controller.signal);
    ports.opened(response.headers.get(CONVERSATION_HEADER) ?? "");
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    const parser = createEventParser();
    for (;;) {
      const next = await reader?.read();
      if (!next || next.done) return;
      alive();
      clearTimeout(silence);
      silence = setTimeout(() => controller.abort(), SILENCE_MS);
      for (const data of parser.push(next.value)) {
        const event = parseStreamEvent(data);
        if (event) ports.received(event);
      }
    }
  } finally {
    clearTimeout(silence);
    controller.abort();
  }
}
