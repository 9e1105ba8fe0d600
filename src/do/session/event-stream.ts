/**
 * A conversation, or one turn of it, as server-sent events: first what the reader missed, then everything live, in
 * order. The request that asked holds the stream; the session is asked once.
 */
import type { AccountKey, SessionKey, TurnId } from "../../core/ids.ts";
import type { ChatMessage } from "../../core/message.ts";
import type { Moved, SessionCalls } from "../../core/session-protocol.ts";
import type { StreamEvent } from "../../core/stream.ts";
import type { Env } from "../../env.ts";
import { isProcessLeaving, joinAudience, type Reader, type ReaderEvent } from "./audience.ts";
import { callSession } from "./session-client.ts";

/** A comment line this often keeps proxies from closing a quiet stream. */
const HEARTBEAT_MS = 15_000;
const HEARTBEAT = ": \n\n";

/** Where a reader stands, and in which conversation that means something. */
export interface Position {
  after?: number | undefined;
  of?: string | undefined;
  /** The signed-in device that reads: it is let go when its session ends. */
  deviceId?: string;
}

export interface OpenedStream {
  session: SessionKey;
  stream: ReadableStream<Uint8Array>;
}

/** Ends when the reader goes away, or is let go. Throws what the session throws. */
export async function streamConversation(
  env: Env,
  key: SessionKey,
  { after, of, deviceId }: Position,
  signal: AbortSignal,
): Promise<OpenedStream> {
  const { session, reader, result } = await join(env, key, async (object, joined) => {
    const known = of === undefined || of === joined ? after : undefined;
    const snapshot = await object.snapshot(known);
    return "to" in snapshot ? snapshot : { ...snapshot, afterSeq: known ?? 0 };
  });
  reader.deviceId = deviceId;
  const stream = openStream(reader, signal, result);
  if (isProcessLeaving()) reader.leave();
  return { session, stream };
}

/** One event's turn only, until it ends. Throws http/not_found for a key that was never accepted. */
export async function streamTurn(
  env: Env,
  key: SessionKey,
  event: { account: AccountKey; key: string },
  signal: AbortSignal,
): Promise<OpenedStream> {
  const { session, reader, result } = await join(env, key, (object) =>
    object.turn(event.account, event.key),
  );
  reader.endsByItself = true;
  return { session, stream: openStream(reader, signal, { ...result, afterSeq: 0 }) };
}

/** The reader joins before it asks what there is: nothing happens in between unheard. */
async function join<Value>(
  env: Env,
  key: SessionKey,
  ask: (object: SessionCalls, session: SessionKey) => Promise<Value | Moved>,
): Promise<{ session: SessionKey; reader: Reader; result: Exclude<Value, Moved> }> {
  let joined: Reader | undefined;
  try {
    const opened = await callSession(env, key, (object, session) => {
      joined?.leave();
      joined = joinAudience(session);
      return ask(object, session);
    });
    return { ...opened, reader: joined ?? joinAudience(opened.session) };
  } catch (error) {
    joined?.leave();
    throw error;
  }
}

/** What a reader begins with. */
interface Beginning {
  messages: ChatMessage[];
  live?: StreamEvent;
  /** The last message that the reader has. */
  afterSeq: number;
  /** Set for a reader of one turn: others do not concern it, and its end is the stream's. */
  turnId?: TurnId;
  isOpen?: boolean;
}

/** `reader` has joined before `beginning` was looked up. */
export function openStream(
  reader: Reader,
  signal: AbortSignal,
  beginning: Beginning,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const writer = new EventWriter(beginning);
  const heartbeat = setInterval(() => reader.wake(), HEARTBEAT_MS);
  const end = () => {
    clearInterval(heartbeat);
    reader.leave();
  };
  signal.addEventListener("abort", end, { once: true });
  let begun = false;
  return new ReadableStream({
    type: "bytes",
    async pull(controller: ReadableByteStreamController) {
      const text = begun ? await nextText(reader, writer) : writer.begin(beginning);
      begun = true;
      if (text !== undefined) controller.enqueue(encoder.encode(text));
      if (text !== undefined && !writer.isOver) return;
      end();
      controller.close();
    },
    cancel: end,
  });
}

/** Never empty; undefined at the end. */
async function nextText(reader: Reader, writer: EventWriter): Promise<string | undefined> {
  for (;;) {
    const events = await reader.take();
    if (!events) return undefined;
    if (events.length === 0) return HEARTBEAT;
    const text = events.map((told) => writer.write(told)).join("");
    if (text !== "") return text;
  }
}

/** Events as text, each with the position to come back with. */
class EventWriter {
  readonly #turnId: TurnId | undefined;
  #seq: number;
  /** True when the turn of a reader of one turn has ended. */
  isOver = false;

  constructor({ afterSeq, turnId }: Beginning) {
    this.#seq = afterSeq;
    this.#turnId = turnId;
  }

  begin({ messages, live, isOpen = true }: Beginning): string {
    const texts = messages.map((message) => this.#writeNew({ type: "message", message }));
    texts.push(this.#writeNew({ type: "ready", seq: this.#seq }));
    if (live) texts.push(this.#writeNew(live));
    if (this.#turnId !== undefined && !isOpen)
      texts.push(this.#writeNew({ type: "end", turnId: this.#turnId }));
    return texts.join("");
  }

  #writeNew(event: StreamEvent): string {
    return this.write({ event, json: JSON.stringify(event) });
  }

  /** Empty for an event that the reader has, or that does not concern it. */
  write({ event, json }: ReaderEvent): string {
    if (this.isOver || !this.#concerns(event)) return "";
    if (event.type === "message") {
      if (event.message.seq <= this.#seq) return "";
      this.#seq = event.message.seq;
    }
    if (this.#turnId !== undefined && event.type === "end") this.isOver = true;
    return `id: ${this.#seq}\ndata: ${json}\n\n`;
  }

  #concerns(event: StreamEvent): boolean {
    if (this.#turnId === undefined) return true;
    if (event.type === "message") return event.message.id.startsWith(this.#turnId);
    return event.type === "ready" || event.turnId === this.#turnId;
  }
}
