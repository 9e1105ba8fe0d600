/** The fake server's side of getUpdates: kept until a higher offset comes, one reader at a time. */
import type { CallBody, MethodAnswer } from "./fake-telegram-methods.ts";
import type { Update } from "./fake-telegram-updates.ts";

type Answer = (answer: MethodAnswer) => void;

export interface PollQueue {
  enqueue(updates: readonly Update[]): void;
  /** Answers at once where updates wait, else when some come or the call's `timeout` is over. */
  poll(body: CallBody, hasWebhook: boolean, answer: Answer): void;
  close(): void;
}

const DEFAULT_LIMIT = 100;

function conflict(description: string): MethodAnswer {
  return { refusal: { code: 409, description: `Conflict: ${description}` } };
}

export function createPollQueue(): PollQueue {
  let waiting: Update[] = [];
  let reader: { limit: number; answer: Answer; timer: NodeJS.Timeout } | undefined;

  function finish(answer: MethodAnswer): void {
    const done = reader;
    reader = undefined;
    if (!done) return;
    clearTimeout(done.timer);
    done.answer(answer);
  }

  function hand(): void {
    if (reader && waiting.length > 0) finish({ result: waiting.slice(0, reader.limit) });
  }

  return {
    enqueue(updates) {
      waiting.push(...updates);
      hand();
    },
    poll(body, hasWebhook, answer) {
      if (hasWebhook) {
        answer(conflict("can't use getUpdates method while webhook is active"));
        return;
      }
      finish(conflict("terminated by other getUpdates request"));
      const offset = Number(body.offset ?? 0);
      waiting = waiting.filter((update) => update.update_id >= offset);
      const timer = setTimeout(() => finish({ result: [] }), Number(body.timeout ?? 0) * 1000);
      reader = { limit: Number(body.limit ?? DEFAULT_LIMIT), answer, timer };
      hand();
    },
    close: () => finish({ result: [] }),
  };
}
