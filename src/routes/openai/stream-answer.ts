/**
 * An answer as a stream of chunks. It begins with the first thing there is to say, so that a failure before it has a
 * status of its own; where that takes long, it begins without, and says now and then that it is still there.
 */
import type { AnswerSource, ShownPiece } from "./answer.ts";
import { ChunkWriter, createHead } from "./chunks.ts";
import { describeFailure } from "./errors.ts";

/** How long the status waits for the first token. Proxies wait longer. */
export const STATUS_WAIT_MS = 10_000;
/** A comment this often keeps proxies from closing a quiet stream. */
export const HEARTBEAT_MS = 15_000;
const HEARTBEAT = ": \n\n";

const encoder = new TextEncoder();

type Source = Pick<AnswerSource, "model" | "next" | "abandon">;

interface StreamOptions {
  includeUsage: boolean;
  requestId: string;
}

/** Settles early, with undefined, when `timeoutMs` is over. Throws what `first` throws until then. */
async function waitForFirst(
  first: Promise<ShownPiece>,
  timeoutMs: number,
): Promise<ShownPiece | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), timeoutMs);
  try {
    return await Promise.race([first, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Throws what the answer fails with before it began. */
export async function streamAnswer(source: Source, options: StreamOptions): Promise<Response> {
  const first = source.next();
  // Its failure after the wait is told within the stream.
  first.catch(() => undefined);
  await waitForFirst(first, STATUS_WAIT_MS);
  return new Response(createStream(source, first, options), {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store, no-transform",
      "x-request-id": options.requestId,
      // Tells nginx not to hold the stream back.
      "x-accel-buffering": "no",
    },
  });
}

function createStream(
  source: Source,
  first: Promise<ShownPiece>,
  { includeUsage, requestId }: StreamOptions,
): ReadableStream<Uint8Array> {
  const writer = new ChunkWriter(createHead(source.model), includeUsage);
  let next: Promise<ShownPiece> | undefined = first;
  let heartbeat: ReturnType<typeof setInterval> | null = null;
  let isQuiet = false;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(encoder.encode(writer.begin()));
      heartbeat = setInterval(() => {
        if (isQuiet) controller.enqueue(encoder.encode(HEARTBEAT));
        isQuiet = true;
      }, HEARTBEAT_MS);
    },
    async pull(controller) {
      try {
        const piece = await (next ?? source.next());
        next = undefined;
        isQuiet = false;
        controller.enqueue(encoder.encode(render(writer, piece)));
        if (piece.kind !== "done") return;
      } catch (error) {
        const failure = describeFailure(error, requestId);
        controller.enqueue(encoder.encode(writer.failure(failure)));
      }
      clearInterval(heartbeat);
      controller.close();
    },
    cancel() {
      clearInterval(heartbeat);
      source.abandon();
    },
  });
}

function render(writer: ChunkWriter, piece: ShownPiece): string {
  if (piece.kind === "text") return writer.text(piece.text);
  if (piece.kind === "tool_call") return writer.call(piece.call);
  return writer.end(piece.reason, piece.usage);
}
