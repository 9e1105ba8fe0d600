/** Telegram updates with a mark in each text that comes back in its answer: how every message is found again. */
import { createUpdates } from "../support/fake-telegram-updates.ts";

export interface Message {
  mark: number;
  /** The webhook call's body. */
  body: Buffer;
}

/** With the echo of the fake model the answer has eight tokens. */
const WORDS = "of the many fish in this pool";

export class MessageMaker {
  readonly #updates = createUpdates();
  #made = 0;

  /** All marks are below this. */
  get made(): number {
    return this.#made;
  }

  /** Dealt out to the chats in turn. */
  make(count: number, chats: readonly number[]): Message[] {
    return Array.from({ length: count }, (_, index) => {
      const mark = this.#made++;
      const update = this.#updates.text(chats[index % chats.length] ?? 0, `m${mark} ${WORDS}`);
      return { mark, body: Buffer.from(JSON.stringify(update)) };
    });
  }
}

/** The mark of an answer; undefined where there is none. */
export function findMark(text: string): number | undefined {
  const digits = /\bm(\d+) /.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Ids of private chats. */
export function chatRange(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}
