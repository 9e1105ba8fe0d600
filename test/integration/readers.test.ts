/** Readers of a conversation: what each gets, in which order, and when one is let go. */
import { describe, it } from "vitest";
import { accountKey, encodeSessionKey, type SessionKey, type TurnId } from "../../src/core/ids.ts";
import type { ChatMessage } from "../../src/core/message.ts";
import type { StreamEvent } from "../../src/core/stream.ts";
import {
  hasAudience,
  joinAudience,
  letGoAudience,
  MAX_READERS,
  MAX_WAITING_UNITS,
} from "../../src/do/session/audience.ts";
import { openStream, streamTurn } from "../../src/do/session/event-stream.ts";
import { MAX_WAITERS, Readers } from "../../src/do/session/readers.ts";
import { env } from "../support/integration.ts";

const turnId = "t1" as TurnId;
const otherTurnId = "t2" as TurnId;

function message(seq: number, text = `text ${seq}`, turn: string = turnId): ChatMessage {
  const id = `${turn}:u`;
  return { seq, id, role: "user", text, atMs: 1, channel: "web", media: [] };
}

function says(seq: number, text?: string, turn?: string): StreamEvent {
  return { type: "message", message: message(seq, text, turn) };
}

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

/** A conversation that nobody else reads. */
function createConversation() {
  const key = encodeSessionKey({
    channel: "web",
    account: "main",
    conversation: crypto.randomUUID(),
  });
  return { key, readers: new Readers(key), open: (given: Given = {}) => openClient(key, given) };
}

interface Given {
  messages?: ChatMessage[];
  live?: StreamEvent;
  afterSeq?: number;
  turnId?: TurnId;
  isOpen?: boolean;
  signal?: AbortSignal;
  /** Happens after the reader has joined and before it knows what there was. */
  meanwhile?: () => void;
}

function openClient(key: SessionKey, given: Given): Client {
  const { meanwhile, signal = new AbortController().signal, ...beginning } = given;
  const reader = joinAudience(key);
  reader.endsByItself = given.turnId !== undefined;
  meanwhile?.();
  return new Client(openStream(reader, signal, { messages: [], afterSeq: 0, ...beginning }));
}

describe("a reader", () => {
  it("gets what it missed, then that it is up to date, then what happens", async ({ expect }) => {
    const { readers, open } = createConversation();
    const client = open({ messages: [message(1), message(2)] });
    expect(seqsOf(await client.take(3))).toEqual([1, 2, "ready"]);
    readers.broadcast(says(3));
    readers.broadcast({ type: "delta", turnId, offset: 0, text: "a" });
    expect(seqsOf(await client.take(2))).toEqual([3, "delta"]);
    await client.cancel();
  });

  it("misses nothing and gets no message twice of what happens while its backlog is loaded", async ({
    expect,
  }) => {
    const { readers, open } = createConversation();
    const client = open({
      messages: [message(2), message(3)], // 3 was stored before the backlog was read
      live: { type: "turn", turnId, text: "so far", state: "answering" },
      meanwhile() {
        readers.broadcast(says(3));
        readers.broadcast(says(4));
        readers.broadcast({ type: "delta", turnId, offset: 6, text: "more" });
      },
    });
    const events = await client.take(6);
    expect(seqsOf(events)).toEqual([2, 3, "ready", "turn", 4, "delta"]);
    expect(events[2]).toEqual({ type: "ready", seq: 3 });
    await client.cancel();
  });

  it("is told with each event the position to come back with", async ({ expect }) => {
    const { readers, open } = createConversation();
    const client = open({ messages: [message(7)], afterSeq: 5 });
    expect((await client.next())?.id).toBe("7");
    expect((await client.next())?.id).toBe("7");
    readers.broadcast({ type: "end", turnId });
    expect((await client.next())?.id).toBe("7");
    readers.broadcast(says(9));
    expect((await client.next())?.id).toBe("9");
    await client.cancel();
  });

  it("that comes back to no news is told the position it has", async ({ expect }) => {
    const client = createConversation().open({ afterSeq: 5 });
    expect(await client.next()).toEqual({ id: "5", event: { type: "ready", seq: 5 } });
    await client.cancel();
  });

  it("that does not read is let go when a megabyte waits", async ({ expect }) => {
    const { readers, open } = createConversation();
    const [slow, quick] = [open(), open()];
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
    expect(sent * text.length).toBeGreaterThan(MAX_WAITING_UNITS);
    expect((sent - 2) * text.length).toBeLessThanOrEqual(MAX_WAITING_UNITS + text.length);
    await quick.cancel();
  });

  it(`number ${MAX_READERS} at most: one more ends the oldest`, async ({ expect }) => {
    const { readers, open } = createConversation();
    const oldest = open();
    const others = Array.from({ length: MAX_READERS - 1 }, () => open());
    expect(seqsOf(await oldest.take(1))).toEqual(["ready"]);
    others.push(open());
    expect(await oldest.next()).toBeUndefined();
    readers.broadcast(says(1));
    for (const client of others) expect(seqsOf(await client.take(2))).toEqual(["ready", 1]);
    await Promise.all(others.map((client) => client.cancel()));
  });

  it("that goes away leaves nothing behind", async ({ expect }) => {
    const { key, readers, open } = createConversation();
    await open().cancel();
    const gone = new AbortController();
    const cut = open({ signal: gone.signal });
    expect(readers.isWatched).toBe(true);
    gone.abort();
    expect(seqsOf(await cut.take(1))).toEqual(["ready"]);
    expect(await cut.next()).toBeUndefined();
    expect(hasAudience(key)).toBe(false);
    expect(readers.isWatched).toBe(false);
  });

  it("whose question fails leaves nothing behind", async ({ expect }) => {
    const { key } = createConversation();
    const event = { account: accountKey("web", "main"), key: "never" };
    const opened = streamTurn(env, key, event, new AbortController().signal);
    await expect(opened).rejects.toMatchObject({
      code: "http/not_found",
      message: "There is nothing at this address.",
    });
    expect(hasAudience(key)).toBe(false);
  });
});

describe("a reader of one turn", () => {
  it("hears of that turn only, and ends with it", async ({ expect }) => {
    const { readers, open } = createConversation();
    const client = open({ messages: [message(1)], turnId });
    readers.broadcast({ type: "delta", turnId: otherTurnId, offset: 0, text: "no" });
    readers.broadcast(says(2, "no", otherTurnId));
    readers.broadcast({ type: "end", turnId: otherTurnId });
    readers.broadcast({ type: "delta", turnId, offset: 0, text: "yes" });
    readers.end(turnId, { ...message(3, "answer"), id: `${turnId}:a`, role: "assistant" });
    expect(seqsOf(await client.take(5))).toEqual([1, "ready", "delta", 3, "end"]);
    expect(await client.next()).toBeUndefined();
  });

  it("ends at once where the turn is over", async ({ expect }) => {
    const client = createConversation().open({ messages: [message(1)], turnId, isOpen: false });
    expect(seqsOf(await client.take(3))).toEqual([1, "ready", "end"]);
    expect(await client.next()).toBeUndefined();
  });
});

describe("a conversation that goes on elsewhere", () => {
  it("lets go who reads on and on, not who follows one turn", async ({ expect }) => {
    const { key, readers, open } = createConversation();
    const [tab, caller] = [open(), open({ turnId })];
    expect(seqsOf(await tab.take(1))).toEqual(["ready"]);
    letGoAudience(key);
    expect(await tab.next()).toBeUndefined();
    readers.end(turnId, undefined);
    expect(seqsOf(await caller.take(2))).toEqual(["ready", "end"]);
  });
});

describe("a caller that waits for the end of a turn", () => {
  it("is told of the end of that turn, and not of another's", async ({ expect }) => {
    const readers = createConversation().readers;
    const waiting = readers.waitForEnd(turnId, 10_000);
    readers.end(otherTurnId, undefined);
    const first = Promise.race([waiting, scheduler.wait(5).then(() => "still waiting")]);
    expect(await first).toBe("still waiting");
    readers.end(turnId, undefined);
    expect(await waiting).toBe(true);
  });

  it("is told when its time is over", async ({ expect }) => {
    const startedAtMs = Date.now();
    expect(await createConversation().readers.waitForEnd(turnId, 50)).toBe(false);
    expect(Date.now() - startedAtMs).toBeGreaterThanOrEqual(49);
  });

  it(`is one of ${MAX_WAITERS} at most: the next does not wait`, async ({ expect }) => {
    const readers = createConversation().readers;
    const waiting = Array.from({ length: MAX_WAITERS }, () => readers.waitForEnd(turnId, 10_000));
    expect(await readers.waitForEnd(turnId, 10_000)).toBe(false);
    readers.end(turnId, undefined);
    expect(new Set(await Promise.all(waiting))).toEqual(new Set([true]));
    const next = readers.waitForEnd(turnId, 10_000);
    readers.end(turnId, undefined);
    expect(await next).toBe(true);
  });
});
