/** A turn's events as the pieces of an answer: each word once, and every end told apart. */
import fc from "fast-check";
import { describe, it, vi } from "vitest";
import type { ChatMessage } from "../../../../src/core/message.ts";
import type { StreamEvent } from "../../../../src/core/stream.ts";
import type { AnswerPiece } from "../../../../src/routes/openai/answer.ts";
import { FOLLOW_MS, followTurn } from "../../../../src/routes/openai/follow-turn.ts";

const turnId = "t1";
const quiet = new AbortController().signal;

function says(role: "user" | "assistant", text: string, cut?: ChatMessage["cut"]): StreamEvent {
  const message: ChatMessage = {
    seq: 1,
    id: turnId,
    role,
    text,
    atMs: 1,
    channel: "api",
    media: [],
    ...(cut ? { cut } : {}),
  };
  return { type: "message", message };
}

function delta(offset: number, text: string): StreamEvent {
  return { type: "delta", turnId, offset, text };
}

const end: StreamEvent = { type: "end", turnId };

/** The events as a session's stream writes them, cut into pieces of `size` bytes. */
function streamOf(events: readonly StreamEvent[], size = 1_000): ReadableStream<Uint8Array> {
  const lines = events.map((event) => `id: 1\ndata: ${JSON.stringify(event)}\n\n: \n\n`);
  const bytes = new TextEncoder().encode(lines.join(""));
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + size));
      at += size;
    },
  });
}

async function collect(events: readonly StreamEvent[], size?: number): Promise<AnswerPiece[]> {
  const pieces: AnswerPiece[] = [];
  for await (const piece of followTurn(streamOf(events, size), quiet)) pieces.push(piece);
  return pieces;
}

function textOf(pieces: readonly AnswerPiece[]): string {
  return pieces.map((piece) => (piece.kind === "text" ? piece.text : "")).join("");
}

describe("followTurn", () => {
  it("gives out each word once, also those that it joined too late for", async ({ expect }) => {
    const pieces = await collect([
      says("user", "hi"),
      { type: "ready", seq: 1 },
      { type: "turn", turnId, text: "one ", state: "answering" },
      delta(4, "two "),
      delta(4, "two "),
      delta(6, "o three"),
      says("assistant", "one two three four"),
      end,
    ]);
    expect(textOf(pieces)).toBe("one two three four");
    expect(pieces.at(-1)).toEqual({ kind: "done", reason: "stop" });
  });

  it("gives out a stored answer at once", async ({ expect }) => {
    const pieces = await collect([says("user", "hi"), says("assistant", "stored"), end]);
    expect(pieces).toEqual([
      { kind: "text", text: "stored" },
      { kind: "done", reason: "stop" },
    ]);
  });

  it("waits in line, and tells a message that waits for a later day from that", async ({
    expect,
  }) => {
    const place = { position: 2 };
    const inLine: StreamEvent = { type: "turn", turnId, text: "", state: "waiting", place };
    expect(textOf(await collect([inLine, delta(0, "now"), says("assistant", "now"), end]))).toBe(
      "now",
    );
    const away: StreamEvent = { type: "turn", turnId, text: "", state: "waiting" };
    await expect(collect([says("assistant", "Later."), away, end])).rejects.toMatchObject({
      code: "session/answer_pending",
      message: "The message is kept, and answered when the model server is back.",
    });
  });

  it("says that a turn failed, and that a stream broke", async ({ expect }) => {
    await expect(collect([says("assistant", "Sorry.", "error"), end])).rejects.toMatchObject({
      code: "session/turn_failed",
      message: "The message is kept, but could not be answered.",
    });
    await expect(collect([delta(0, "half")])).rejects.toMatchObject({
      code: "session/unavailable",
    });
  });

  it("ends when the client goes", async ({ expect }) => {
    const controller = new AbortController();
    let isCancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      cancel() {
        isCancelled = true;
      },
    });
    const next = followTurn(endless, controller.signal).next();
    controller.abort();
    await expect(next).rejects.toMatchObject({ code: "session/unavailable" });
    expect(isCancelled).toBe(true);
  });

  it(`is not waited for longer than ${FOLLOW_MS / 60_000} minutes`, async ({ expect }) => {
    vi.useFakeTimers();
    try {
      const next = followTurn(new ReadableStream(), quiet).next();
      const failed = expect(next).rejects.toMatchObject({ code: "session/answer_pending" });
      await vi.advanceTimersByTimeAsync(FOLLOW_MS - 1);
      expect(vi.getTimerCount()).toBe(1);
      await vi.advanceTimersByTimeAsync(1);
      await failed;
    } finally {
      vi.useRealTimers();
    }
  });

  it("gives the same text however the bytes and the words are cut", async ({ expect }) => {
    const words = fc.array(fc.string({ unit: "grapheme" }), { minLength: 1, maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(words, fc.integer({ min: 1, max: 50 }), async (said, size) => {
        const text = said.join("");
        let offset = 0;
        const deltas = said.map((word) => {
          const event = delta(offset, word);
          offset += word.length;
          return event;
        });
        const pieces = await collect([...deltas, says("assistant", text), end], size);
        expect(textOf(pieces)).toBe(text);
      }),
    );
  });
});
