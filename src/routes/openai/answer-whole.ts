/**
 * An answer in one piece. While it is short or has not begun, a failure has a status of its own; one that takes longer
 * begins with empty lines, which JSON allows: only by writing does the server find out that nobody reads any more.
 */
import type { ToolCall } from "../../core/ports.ts";
import type { AnswerSource } from "./answer.ts";
import { createHead, renderCompletion } from "./chunks.ts";
import { describeFailure } from "./errors.ts";

/** How long the status waits for the whole answer, once its first token is there. */
export const WHOLE_WAIT_MS = 10_000;
/** An empty line this often. */
export const EMPTY_LINE_MS = 1_000;

const encoder = new TextEncoder();
const EMPTY_LINE = encoder.encode("\n");

type Source = Pick<AnswerSource, "model" | "next" | "abandon">;

/** The answer as JSON; `begun` is called at its first piece. Throws what the answer fails with. */
async function readWhole(source: Source, begun: () => void): Promise<string> {
  let text = "";
  const calls: ToolCall[] = [];
  for (;;) {
    const piece = await source.next();
    begun();
    if (piece.kind === "text") text += piece.text;
    else if (piece.kind === "tool_call") calls.push(piece.call);
    else {
      const { reason, usage } = piece;
      const answer = { text, calls, reason, ...(usage ? { usage } : {}) };
      return JSON.stringify(renderCompletion(createHead(source.model), answer));
    }
  }
}

/** True where the answer is on its way and takes long. Throws what it fails with until then. */
async function isSlow(whole: Promise<string>, begun: Promise<void>): Promise<boolean> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, WHOLE_WAIT_MS);
  try {
    const slow = Promise.all([begun, late.promise]);
    return await Promise.race([whole.then(() => false), slow.then(() => true)]);
  } finally {
    clearTimeout(timer);
  }
}

/** Throws what the answer fails with before it began, or soon after. */
export async function answerWhole(source: Source, requestId: string): Promise<Response> {
  const begun = Promise.withResolvers<void>();
  const whole = readWhole(source, begun.resolve);
  const body = (await isSlow(whole, begun.promise))
    ? createStream(source, whole, requestId)
    : await whole;
  return new Response(body, {
    headers: {
      "content-type": "application/json",
      "cache-control": "no-store",
      "x-request-id": requestId,
    },
  });
}

/** A failure is written down for who looks, and breaks the connection off: clients take no half answer for a whole one. */
function createStream(
  source: Source,
  whole: Promise<string>,
  requestId: string,
): ReadableStream<Uint8Array> {
  let lines: ReturnType<typeof setInterval> | null = null;
  let failure: unknown;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const write = (text: string) => {
        clearInterval(lines);
        controller.enqueue(encoder.encode(text));
      };
      lines = setInterval(() => controller.enqueue(EMPTY_LINE), EMPTY_LINE_MS);
      whole
        .then(
          (text) => {
            write(text);
            controller.close();
          },
          (error: unknown) => {
            failure = error;
            write(JSON.stringify(describeFailure(error, requestId)));
          },
        )
        .catch(() => undefined); // the reader has gone
    },
    async pull(controller) {
      if (!failure) return;
      await new Promise((resolve) => setTimeout(resolve, 0)); // what was said of it leaves first
      controller.error(failure);
    },
    cancel() {
      clearInterval(lines);
      source.abandon();
    },
  });
}
