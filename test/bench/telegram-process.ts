/** The fake Telegram as a program of the bench: notes which message was answered when, and keeps nothing else. */
import { startFakeTelegram } from "../support/fake-telegram.ts";
import { clockMs } from "./clock.ts";
import { findMark } from "./messages.ts";
import { serveCalls } from "./program.ts";

export interface AnswerCounts {
  /** Different messages that were answered. */
  answered: number;
  /** Answers to a message that had one. */
  repeated: number;
  /** Messages of the assistant that answer none of ours. */
  strange: string[];
}

const MAX_STRANGE = 5;

const arrivals: number[] = [];
const counts: AnswerCounts = { answered: 0, repeated: 0, strange: [] };

const telegram = await startFakeTelegram({
  record: false,
  onCall: ({ method, body }) => {
    if (method !== "sendMessage") return;
    const text = String(body.text);
    const mark = findMark(text);
    if (mark === undefined) {
      if (counts.strange.length < MAX_STRANGE) counts.strange.push(text.slice(0, 200));
    } else if (arrivals[mark] === undefined) {
      arrivals[mark] = clockMs();
      counts.answered += 1;
    } else counts.repeated += 1;
  },
});

serveCalls(
  {
    address: () => ({ apiBase: telegram.apiBase, token: telegram.token }),
    counts: () => counts,
    arrivals: (marks: number[]) => marks.map((mark) => arrivals[mark]),
    waitFor: async ({ answered, timeoutMs }: { answered: number; timeoutMs: number }) => {
      await telegram.waitUntil(() => counts.answered >= answered, timeoutMs);
    },
  },
  () => telegram.close(),
);
