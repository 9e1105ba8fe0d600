/**
 * Looks through what was said, newest first, opening message after message: there is no index, so that no word of a
 * conversation stands anywhere else than sealed in its message. Bounded, and with a rest between pages.
 */
import type { ChatMessage } from "../core/message.ts";
import type { SearchResult } from "./search-commands.ts";
import { matchesWords } from "./search-words.ts";

/** Messages that one search opens. */
export const MAX_SEARCHED = 10_000;
/** Messages that one search shows. */
export const MAX_FOUND = 10;
const PAGE_ROWS = 100;
const SEARCH = /^\/search(\s|$)/i;

export interface Searched {
  /** At most `limit` messages after `afterSeq` and before `beforeSeq`, oldest first, the newest of them. */
  page(afterSeq: number, beforeSeq: number, limit: number): Promise<ChatMessage[]>;
  /** Lets others work between two pages. */
  rest(): Promise<void>;
}

/** `speaker` is how the person is called whose message names no sender. */
export async function searchHistory(
  history: Searched,
  words: readonly string[],
  speaker: string,
): Promise<SearchResult> {
  const found: ChatMessage[] = [];
  const searches = new Set<string>();
  let beforeSeq = Number.MAX_SAFE_INTEGER;
  for (let opened = 0; opened < MAX_SEARCHED; opened += PAGE_ROWS) {
    const page = await history.page(0, beforeSeq, PAGE_ROWS);
    for (const message of page.toReversed()) {
      if (SEARCH.test(message.text)) searches.add(turnOf(message));
      else if (matchesWords(message.text, words)) found.push(message);
    }
    // An answer to a search stands after it, and so was looked at before it.
    const kept = found.filter((message) => !searches.has(turnOf(message)));
    if (kept.length > MAX_FOUND)
      return { found: kept.slice(0, MAX_FOUND).map(show), isWhole: false };
    const [oldest] = page;
    if (!oldest) return { found: kept.map(show), isWhole: true };
    beforeSeq = oldest.seq;
    await history.rest();
  }
  const kept = found.filter((message) => !searches.has(turnOf(message)));
  return { found: kept.map(show), isWhole: false };

  function show({ atMs, text, role, sender }: ChatMessage) {
    return { atMs, text, sender: role === "assistant" ? undefined : (sender ?? speaker) };
  }
}

function turnOf({ id }: ChatMessage): string {
  return id.split(":", 1)[0] ?? id;
}
