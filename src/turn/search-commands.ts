/** `/search words`: what was said in this conversation before, newest first. */
import { renderPlainTime } from "../core/time-zone.ts";
import type { Say } from "./commands.ts";
import { parseSearch, renderSnippet } from "./search-words.ts";

export type SearchPhrase = "searchAsk" | "searchNone" | "searchFound" | "searchOlder" | "searchMe";

export interface FoundMessage {
  atMs: number;
  text: string;
  /** Who said it; undefined for the assistant. */
  sender: string | undefined;
}

export interface SearchResult {
  /** Newest first. */
  found: FoundMessage[];
  /** Nothing older was left out. */
  isWhole: boolean;
}

export interface SearchPorts {
  say: Say;
  zone(): Promise<string>;
  search(words: readonly string[]): Promise<SearchResult>;
}

export async function searchTalk(args: string, ports: SearchPorts): Promise<string> {
  const { say } = ports;
  const words = parseSearch(args);
  if (words.length === 0) return say("searchAsk");
  const [{ found, isWhole }, zone] = await Promise.all([ports.search(words), ports.zone()]);
  const lines = found.map(({ atMs, text, sender }) => {
    const who = sender ?? say("searchMe");
    return `- ${renderPlainTime(atMs, zone)} · ${who}: ${renderSnippet(text, words)}`;
  });
  const head = found.length === 0 ? say("searchNone") : say("searchFound", { count: found.length });
  return [head, ...lines, ...(isWhole ? [] : [say("searchOlder")])].join("\n");
}
