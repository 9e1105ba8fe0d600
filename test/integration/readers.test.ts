/** Readers of a conversation: what each gets, in which order, and when one is let go. */
import { describe, it } from "vitest";
import type { TurnId } from "../../src/core/ids.ts";
import type { ChatMessage } from "../../src/core/message.ts";
import type { StreamEvent } from "../../src/core/stream.ts";
import { MAX_READERS, MAX_WAITERS, MAX_WAITING_BYTES, Readers } from "../../src/do/readers.ts";

const turnId = "t1" as TurnId;
const otherTurnId = "t2" as TurnId;

function message(seq: number, text = `text ${seq}`, turn: string = turnId): ChatMessage {
  const id = `${turn}:u`;
  return { seq, id, role: "user", text, atMs: 1, channel: "web", media: [] };
}

function says(seq: number, text?: string, turn?: string): StreamEvent {
  return { type: "message", message: message(seq, text, turn) };
}

function createReaders(leaving = new Promise<void>(() => undefined)): Readers {
  return new Readers(leaving);
}

const nothing = async () => [] as ChatMessage[];

interface Received {
  id: string | undefined;
  event: StreamEvent;
}

/** One side of a stream, read as server-sent events. */
class Client {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = "";

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /** The next event, or undefined at the end of the stream. */
  async next(): Promise<Received | undefined> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end >= 0) {
        const block = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (data === undefined) continue;
        return { id: /^id: (.*)$/m.exec(block)?.[1], event: JSON.parse(data) };
      }
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      this.#text += this.#decoder.decode(value, { stream: true });
    }
  }

  async take(count: number): Promise<StreamEvent[]> {
    const events: StreamEvent[] = [];
    while (events.length < count) {
      const received = await this.next();
      if (!received) throw new Error(`the stream ended after ${events.length} events`);
      events.push(received.event);
    }
    return events;
  }

  cancel(): Promise<void> {
    return this.#reader.cancel();
  }
}

function seqsOf(events: readonly StreamEvent[]): (number | string)[] {
  return events.map((event) => (event.type === "message" ? event.message.seq : event.type));
}

describe("a reader", () => {
  it("gets what it missed, then that it is up to date, then what happens", async ({ expect }) => {
    const readers = createReaders();
    const client = new Client(readers.open(async () => [message(1), message(2)], undefined));
    expect(seqsOf(await client.take(3))).toEqual([1, 2, "ready"]);
    readers.broadcast(says(3));
    readers.broadcast({ type: "delta", turnId, offset: 0, text: "a" });
    expect(seqsOf(await client.take(2))).toEqual([3, "delta"]);
    await client.cancel();
  });

  it("misses nothing and gets nothing twice of what happens while its backlog is loaded", async ({
    expect,
  }) => {
    const readers = createReaders();
    const backlog = Promise.withResolvers<ChatMessage[]>();
    const live = { type: "turn", turnId, text: "so far", state: "answering" } as const;
    const client = new Client(readers.open(() => backlog.promise, live));
    readers.broadcast(says(3));
    readers.broadcast(says(4));
    readers.broadcast({ type: "delta", turnId, offset: 6, text: "more" });
    backlog.resolve([message(2), message(3)]); // 3 was stored before the backlog was read
    const events = await client.take(6);
    expect(seqsOf(events)).toEqual([2, 3, "ready", "turn", 4, "delta"]);
    expect(events[2]).toEqual({ type: "ready", seq: 3 });
    await client.cancel();
  });

  it("is told with each event the position to come back with", async ({ expect }) => {
    const readers = createReaders();
    const client = new Client(readers.open(async () => [message(7)], undefined));
    expect((await client.next())?.id).toBe("7");
    expect((await client.next())?.id).toBe("7");
    readers.broadcast({ type: "end", turnId });
    expect((await client.next())?.id).toBe("7");
    readers.broadcast(says(9));
    expect((await client.next())?.id).toBe("9");
    await client.cancel();
  });

  it("fails where its backlog cannot be read, and the others go on", async ({ expect }) => {
    const readers = createReaders();
    const good = new Client(readers.open(nothing, undefined));
    const bad = new Client(
      readers.open(async () => {
        throw new Error("no keys");
      }, undefined),
    );
    await expect(bad.next()).rejects.toThrow("no keys");
    readers.broadcast(says(1));
    expect(seqsOf(await good.take(2))).toEqual(["ready", 1]);
    await good.cancel();
  });

  it("that does not read is let go when a megabyte waits, with what it was sent whole", async ({
    expect,
  }) => {
    const readers = createReaders();
    const [slow, quick] = [
      new Client(readers.open(nothing, undefined)),
      new Client(readers.open(nothing, undefined)),
    ];
    const text = "x".repeat(100_000);
    expect(seqsOf(await quick.take(1))).toEqual(["ready"]);
    for (let seq = 1; seq <= 20; seq += 1) {
      readers.broadcast(says(seq, text));
      expect(seqsOf(await quick.take(1))).toEqual([seq]);
    }
    const got: (number | string)[] = [];
    for (let next = await slow.next(); next; next = await slow.next())
      got.push(...seqsOf([next.event]));
    const sent = got.length - 1;
    expect(got).toEqual(["ready", ...Array.from({ length: sent }, (_, index) => index + 1)]);
    expect(sent * text.length).toBeGreaterThan(MAX_WAITING_BYTES);
    expect((sent - 1) * text.length).toBeLessThanOrEqual(MAX_WAITING_BYTES + text.length);
    await quick.cancel();
  });

  it(`number ${MAX_READERS} at most: one more ends the oldest`, async ({ expect }) => {
    const readers = createReaders();
    const open = () => new Client(readers.open(nothing, undefined));
    const oldest = open();
    const others = Array.from({ length: MAX_READERS - 1 }, open);
    expect(seqsOf(await oldest.take(1))).toEqual(["ready"]);
    others.push(open());
    expect(await oldest.next()).toBeUndefined();
    readers.broadcast(says(1));
    for (const client of others) expect(seqsOf(await client.take(2))).toEqual(["ready", 1]);
    await Promise.all(others.map((client) => client.cancel()));
  });

  it("that goes away makes room for another", async ({ expect }) => {
    const readers = createReaders();
    const first = new Client(readers.open(nothing, undefined));
    for (let index = 0; index < MAX_READERS * 2; index += 1)
      await new Client(readers.open(nothing, undefined)).cancel();
    readers.broadcast(says(1));
    expect(seqsOf(await first.take(2))).toEqual(["ready", 1]);
    await first.cancel();
  });
});

describe("a reader of one turn", () => {
  it("hears of that turn only, and ends with it", async ({ expect }) => {
    const readers = createReaders();
    const client = new Client(readers.open(async () => [message(1)], undefined, { turnId }));
    readers.broadcast({ type: "delta", turnId: otherTurnId, offset: 0, text: "no" });
    readers.broadcast(says(2, "no", otherTurnId));
    readers.broadcast({ type: "end", turnId: otherTurnId });
    readers.broadcast({ type: "delta", turnId, offset: 0, text: "yes" });
    readers.end(turnId, { ...message(3, "answer"), id: `${turnId}:a`, role: "assistant" });
    expect(seqsOf(await client.take(5))).toEqual([1, "ready", "delta", 3, "end"]);
    expect(await client.next()).toBeUndefined();
  });

  it("ends at once where the turn is over", async ({ expect }) => {
    const readers = createReaders();
    const over = { type: "end", turnId } as const;
    const client = new Client(readers.open(async () => [message(1)], over, { turnId }));
    expect(seqsOf(await client.take(3))).toEqual([1, "ready", "end"]);
    expect(await client.next()).toBeUndefined();
  });
});

describe("the end of the process", () => {
  it("lets go who reads on and on, not who follows one turn", async ({ expect }) => {
    const leaving = Promise.withResolvers<void>();
    const readers = createReaders(leaving.promise);
    const tab = new Client(readers.open(nothing, undefined));
    const caller = new Client(readers.open(nothing, undefined, { turnId }));
    expect(seqsOf(await tab.take(1))).toEqual(["ready"]);
    leaving.resolve();
    expect(await tab.next()).toBeUndefined();
    readers.end(turnId, undefined);
    expect(seqsOf(await caller.take(2))).toEqual(["ready", "end"]);
  });
});

describe("a caller that waits for the end of a turn", () => {
  it("is told of the end of that turn, and not of another's", async ({ expect }) => {
    const readers = createReaders();
    const waiting = readers.waitForEnd(turnId, 10_000);
    readers.end(otherTurnId, undefined);
    const first = Promise.race([waiting, scheduler.wait(5).then(() => "still waiting")]);
    expect(await first).toBe("still waiting");
    readers.end(turnId, undefined);
    expect(await waiting).toBe(true);
  });

  it("is told when its time is over", async ({ expect }) => {
    const startedAtMs = Date.now();
    expect(await createReaders().waitForEnd(turnId, 50)).toBe(false);
    expect(Date.now() - startedAtMs).toBeGreaterThanOrEqual(49);
  });

  it(`is one of ${MAX_WAITERS} at most: the next does not wait`, async ({ expect }) => {
    const readers = createReaders();
    const waiting = Array.from({ length: MAX_WAITERS }, () => readers.waitForEnd(turnId, 10_000));
    expect(await readers.waitForEnd(turnId, 10_000)).toBe(false);
    readers.end(turnId, undefined);
    expect(new Set(await Promise.all(waiting))).toEqual(new Set([true]));
    const next = readers.waitForEnd(turnId, 10_000);
    readers.end(turnId, undefined);
    expect(await next).toBe(true);
  });
});
